"""The record of a training run: a Trace holds Steps, a Step holds Nodes, a Node is one operation with its value.

    init -> forward -> loss -> backward -> update

One training step is one graph in these five phases. The record is plain data: it names operations and does not import
them, so that a trace can be read and drawn where nothing is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np

from tracer.errors import UsageError, close_names

LEAVES = ("parameter", "data", "hyperparameter", "state", "constant")
"""The `op` of a node that nothing computed: what the step started from."""

NOTHING: Mapping[Any, Any] = MappingProxyType({})


class Phase(StrEnum):
    """The part of a training step in which a node was computed; phases never go back."""

    INIT = "init"
    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


PHASES = tuple(Phase)


@dataclass(frozen=True, slots=True)
class Literal:
    """A plain Python number (or None) written into the code: the `2` of `x ** 2`."""

    value: bool | int | float | complex | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where an operation stands in the user's code.

    `file` is relative to the folder of the scenario where it lies inside it, `line` counts from 1, `text` is the
    expression itself, its white space folded.
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """One operation of a step, or one leaf that the step started from.

    `formula` holds `{0}`, `{1}`, ... where the inputs stand, so that names or numbers can be put in without knowing the
    operation. `name` is the variable of the user's code, `dL/dh1` for a gradient, or empty. `gradient_of` is the forward
    node whose derivative a backward node computes, `rule_of` the forward operation whose derivative rule recorded it
    (None where gradients are added up, and for the derivative of the loss with respect to itself).
    """

    id: int
    op: str
    inputs: tuple[int | Literal, ...]
    parameters: Mapping[str, Any]
    value: np.ndarray
    shape: tuple[int, ...]
    dtype: str
    phase: Phase
    name: str
    formula: str
    scope: str = ""
    source: Source | None = None
    gradient_of: int | None = None
    rule_of: int | None = None

    def __repr__(self) -> str:
        return f"Node({self.id}, {self.op}, {self.name!r}, {self.dtype}{list(self.shape)}, {self.phase.value})"

    @property
    def is_leaf(self) -> bool:
        """Whether the step started from this node instead of computing it."""
        return self.op in LEAVES

    @property
    def operands(self) -> tuple[int, ...]:
        """The ids of the input nodes, literals left out; twice where a node is used twice."""
        return tuple(operand for operand in self.inputs if not isinstance(operand, Literal))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Step:
    """One training step: its nodes in the order in which they were computed.

    `gradients` maps the id of a forward node to the id of the node that holds the derivative of the loss with respect to
    it, `updates` the id of a parameter to the id of its value after the update.
    """

    index: int
    nodes: tuple[Node, ...]
    loss_id: int
    gradients: Mapping[int, int] = field(default_factory=lambda: NOTHING)
    updates: Mapping[int, int] = field(default_factory=lambda: NOTHING)
    metrics: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    def __repr__(self) -> str:
        return f"Step({self.index}, {len(self.nodes)} nodes, loss {self.loss:.6g})"

    @property
    def loss(self) -> float:
        """The loss of this step, before the update."""
        return float(self.nodes[self.loss_id].value)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The parameters as the step found them."""
        return tuple(node for node in self.nodes if node.op == "parameter")

    def node(self, name: str) -> Node:
        """The node of that name; `dL/dx` also finds a gradient that `x` shares with another value.

        Raises KeyError, with close names, where there is none.
        """
        if not isinstance(name, str) or not name:
            raise KeyError(f"a node is found by its name, not by {name!r}; by its number it is step.nodes[number]")
        for node in self.nodes:
            if node.name == name:
                return node
        if name.startswith("dL/d"):
            for node in self.nodes:
                if node.name == name[4:] and node.id in self.gradients:
                    return self.nodes[self.gradients[node.id]]
        names = [node.name for node in self.nodes if node.name]
        raise KeyError(f"step {self.index} has no node {name!r}{close_names(name, names)}")

    def gradient(self, name: str) -> np.ndarray:
        """The derivative of the loss with respect to the value of that name: an array of its shape and dtype."""
        node = self.node(name)
        if node.id not in self.gradients:
            known = [other.name for other in self.nodes if other.id in self.gradients and other.name]
            raise KeyError(f"no gradient reached {name!r} in step {self.index}; it reached {', '.join(known)}")
        return self.nodes[self.gradients[node.id]].value

    def updated(self, name: str) -> np.ndarray:
        """The parameter of that name after the update: an array of its shape and dtype."""
        node = self.node(name)
        if node.id not in self.updates:
            known = [self.nodes[id].name for id in self.updates]
            raise KeyError(f"{name!r} was not updated in step {self.index}; updated were {', '.join(known) or 'none'}")
        return self.nodes[self.updates[node.id]].value

    def first_nonfinite(self) -> Node | None:
        """The first node that holds a NaN or an infinity, or None where every number is finite."""
        for node in self.nodes:
            if not np.all(np.isfinite(node.value)):
                return node
        return None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """A run: what was run, with which seed and settings, and its steps.

    `metrics` has a row for every step that was run, also where `steps` keeps only some of them; `printed` is what the
    scenario's report printed, `stopped` says why a stopping rule ended the run (empty where it ran its length).
    """

    scenario: str
    title: str
    seed: int
    dtype: str
    hyperparameters: Mapping[str, Any]
    versions: Mapping[str, str]
    steps: tuple[Step, ...] = ()
    metrics: tuple[Mapping[str, Any], ...] = ()
    printed: tuple[str, ...] = ()
    stopped: str = ""

    def __repr__(self) -> str:
        return f"Trace({self.scenario!r}, {len(self.steps)} steps, seed {self.seed}, {self.dtype})"


def validate(trace: Trace) -> None:
    """Check that a trace keeps its promises; raises UsageError that names the step and the node where it does not.

    Ids count from 0 in order, inputs come before their use, phases never go back, shapes and dtypes agree with the
    values, values cannot be written to, names are unique, and every gradient and update points at a node of its shape.
    """
    for step in trace.steps:
        names: set[str] = set()
        phase = 0
        for position, node in enumerate(step.nodes):
            problem = _problem_of(node, position, phase)
            if not problem and node.name and node.name in names:
                problem = f"the name {node.name!r} is taken by an earlier node"
            if problem:
                raise UsageError(f"step {step.index}, node {position} ({node.op} {node.name!r}): {problem}")
            names.add(node.name)
            phase = PHASES.index(node.phase)
        for kind, pairs in (("gradient", step.gradients), ("update", step.updates)):
            for of, by in pairs.items():
                if not (0 <= of < len(step.nodes) and 0 <= by < len(step.nodes)):
                    raise UsageError(f"step {step.index}: a {kind} points outside the step ({of} -> {by})")
                if step.nodes[of].shape != step.nodes[by].shape or step.nodes[of].dtype != step.nodes[by].dtype:
                    raise UsageError(f"step {step.index}: the {kind} of node {of} has another shape or dtype (node {by})")
        if not 0 <= step.loss_id < len(step.nodes) or step.nodes[step.loss_id].shape != ():
            raise UsageError(f"step {step.index}: the loss is no scalar node")


def _problem_of(node: Node, position: int, phase: int) -> str:
    if node.id != position:
        return f"its id is {node.id}, its position {position}"
    if PHASES.index(node.phase) < phase:
        return f"its phase {node.phase.value} comes after {PHASES[phase].value}"
    if any(not 0 <= operand < position for operand in node.operands):
        return "it uses a node that is not before it"
    if node.is_leaf and node.inputs:
        return "a leaf has inputs"
    if node.value.shape != node.shape or str(node.value.dtype) != node.dtype:
        return f"it says {node.dtype}{node.shape}, its value is {node.value.dtype}{node.value.shape}"
    if node.value.flags.writeable:
        return "its value can be written to"
    for twin in (node.gradient_of, node.rule_of):
        if twin is not None and not 0 <= twin < position:
            return f"its twin {twin} is not before it"
    if node.phase is Phase.BACKWARD and not node.is_leaf and node.gradient_of is None:
        return "it is a backward node without a forward twin"
    return ""
