"""The record of a training run: a Trace holds Steps, a Step holds Nodes, a Node is one operation with its value.

    init -> forward -> loss -> backward -> update

A training step is a graph with these five phases. The record is plain data: reading and drawing it imports no operation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np

from tracer.arguments import folded
from tracer.errors import close_names
from tracer.graph.missing import StoredValue
from tracer.graph.record_methods import Copyable, Displayable, Viewable
from tracer.graph.summary import EqualWithNan, Summary, summary_of
from tracer.i18n.message import Message

LEAVES = ("parameter", "data", "hyperparameter", "state", "constant")
"""The `op` of nodes that are not computed: the inputs of a step."""

EMPTY: Mapping[Any, Any] = MappingProxyType({})
"""An immutable empty mapping."""


class Phase(StrEnum):
    """The phase of a training step; the nodes of a step are in phase order."""

    INIT = "init"
    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


PHASES = tuple(Phase)


@dataclass(frozen=True, slots=True, eq=False)
class Literal(EqualWithNan):
    """A Python number or None in the user's code: the `2` of `x ** 2`."""

    value: bool | int | float | complex | None


@dataclass(frozen=True, slots=True)
class Source:
    """The position of an operation in the user's code.

    `file` is relative to the scenario's folder if inside it, `line` counts from 1, `text` is the expression with its
    whitespace collapsed.
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node(Copyable, Displayable):
    """One operation of a step, or one leaf.

    `content` is the value or a reference into a file. `value` is the read-only array; `is_kept` tells whether a
    file has it, `why_missing` why not. `summary` is always available.

    `formula` has the slots `{0}`, `{1}`, ... for the inputs. `name` is the variable in the user's code, `dL/dh1` for a
    gradient, or empty. `gradient_of` is the forward node whose derivative a backward node computes, `rule_of` the forward
    operation whose derivative rule recorded it (None for sums of gradients, and for the derivative of the loss with respect
    to itself).
    """

    id: int
    op: str
    inputs: tuple[int | Literal, ...]
    parameters: Mapping[str, Any]
    content: np.ndarray | StoredValue
    shape: tuple[int, ...]
    dtype: str
    phase: Phase
    name: str
    formula: str
    scope: str = ""
    source: Source | None = None
    gradient_of: int | None = None
    rule_of: int | None = None
    _summary: Summary | None = field(default=None, init=False)

    def __repr__(self) -> str:
        return f"Node({self.id}, {self.op}, {self.name!r}, {self.dtype}{list(self.shape)}, {self.phase.value})"

    @property
    def value(self) -> np.ndarray:
        """The value, a read-only array. Raises UsageError if a file stores only its summary."""
        return self.content if isinstance(self.content, np.ndarray) else self.content.load()

    @property
    def is_kept(self) -> bool:
        """Whether the value is available, and not only its summary."""
        return isinstance(self.content, np.ndarray) or self.content.is_kept

    @property
    def why_missing(self) -> Message | None:
        """Why the value is not available, as a code with fields; None if it is."""
        return None if isinstance(self.content, np.ndarray) else self.content.why_missing

    @property
    def summary(self) -> Summary:
        """The statistics of the value, computed on first access."""
        if not isinstance(self.content, np.ndarray):
            return self.content.summary
        if self._summary is None:
            object.__setattr__(self, "_summary", summary_of(self.content))
        assert self._summary is not None
        return self._summary

    @property
    def is_summarized(self) -> bool:
        """Whether the statistics are known."""
        return self._summary is not None or not isinstance(self.content, np.ndarray)

    def set_summary(self, summary: Summary) -> None:
        """Cache statistics that were computed for the same elements: for a transpose, or in the previous step."""
        if self._summary is None:
            object.__setattr__(self, "_summary", summary)

    @property
    def is_finite(self) -> bool:
        """Whether every element of the value is finite."""
        if self._summary is None and isinstance(self.content, np.ndarray):
            if self.content.dtype.kind not in "fc":
                return True
            are_finite = np.isfinite(self.content)
            return bool(are_finite.all() if self.shape else are_finite)  # `all` of a scalar takes as long as all the rest
        return self.summary.is_finite

    @property
    def size(self) -> int:
        """The number of elements of the value."""
        return math.prod(self.shape)

    @property
    def is_leaf(self) -> bool:
        """Whether the node is an input of the step, not computed by it."""
        return self.op in LEAVES

    @property
    def operands(self) -> tuple[int, ...]:
        """The ids of the input nodes without literals; a node that is used twice occurs twice."""
        return tuple([operand for operand in self.inputs if not isinstance(operand, Literal)])


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Step(Copyable, Viewable):
    """One training step: its nodes in the order of computation.

    `gradients` maps the id of a forward node to the id of the derivative of the loss with respect to it, `updates` the id of
    a parameter to the id of its value after the update. In a step with several losses, `losses` maps the id of each to its
    gradients, `loss_id` is the first, and `gradients` has those of parameters by their own losses: see `tracer.graph.losses`.

    In a step of a program with a hand-written backward pass, `own_gradients` maps the id of a value to the node that the program
    computed as its gradient, and `gradients` has the true one. `marks` says of single nodes what the record does not know.
    """

    index: int
    nodes: Sequence[Node]
    loss_id: int
    gradients: Mapping[int, int] = field(default_factory=lambda: EMPTY)
    updates: Mapping[int, int] = field(default_factory=lambda: EMPTY)
    metrics: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    losses: Mapping[int, Mapping[int, int]] = field(default_factory=lambda: EMPTY)
    own_gradients: Mapping[int, int] = field(default_factory=lambda: EMPTY)
    marks: Mapping[int, str] = field(default_factory=lambda: EMPTY)

    def __repr__(self) -> str:
        return f"Step({self.index}, {len(self.nodes)} nodes, loss {self.loss:.6g})"

    @property
    def loss(self) -> float:
        """The loss of this step, before the update."""
        return float(self.nodes[self.loss_id].value)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The parameters before the update."""
        return tuple(node for node in self.nodes if node.op == "parameter")

    def node(self, name: str) -> Node:
        """The node of that name; `dL/dx` also finds a gradient that `x` shares with another value.

        Raises KeyError, with near matches, if there is none.
        """
        if not isinstance(name, str) or not name:
            raise KeyError(f"a node is found by its name, not by {name!r}; by its number it is step.nodes[number]")
        name = folded(name)
        for node in self.nodes:
            if folded(node.name) == name:
                return node
        if name.startswith("dL/d"):
            for node in self.nodes:
                if folded(node.name) == name[4:] and node.id in self.gradients:
                    return self.nodes[self.gradients[node.id]]
        names = [node.name for node in self.nodes if node.name]
        raise KeyError(f"step {self.index} has no node {name!r}{close_names(name, names)}")

    def gradient(self, name: str) -> np.ndarray:
        """The derivative of the loss with respect to the value of that name, in its shape and dtype."""
        node = self.node(name)
        if node.id not in self.gradients:
            known = [other.name for other in self.nodes if other.id in self.gradients and other.name]
            raise KeyError(f"no gradient reached {name!r} in step {self.index}; it reached {', '.join(known)}")
        return self.nodes[self.gradients[node.id]].value

    def updated(self, name: str) -> np.ndarray:
        """The parameter of that name after the update."""
        node = self.node(name)
        if node.id not in self.updates:
            known = [self.nodes[id].name for id in self.updates]
            raise KeyError(f"{name!r} was not updated in step {self.index}; updated were {', '.join(known) or 'none'}")
        return self.nodes[self.updates[node.id]].value

    def first_nonfinite(self, *, only_nan: bool = False) -> Node | None:
        """The first node with a NaN or an infinity (with `only_nan`, a NaN), or None."""
        for node in self.nodes:
            if not node.is_finite and (not only_nan or node.summary.nans):
                return node
        return None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace(Copyable, Viewable):
    """A run: its scenario, seed (None for a function without one), settings and steps.

    `defaults` are the names of `hyperparameters` that have their default value.
    `metrics` has a row for every step of the run, even if `steps` has only some of them; `printed` is the output of the
    scenario's report, `stopped` the reason for early stopping (None if the run took all its steps), and `unfinished` the
    reason why the record ends before the run did (None if it is complete). `source` is the source code of the scenario,
    `arithmetic` the fingerprint of the machine's arithmetic. The first `finite_steps` steps are known to be finite.
    `verdict` is what a check of the gradients found at the end of the run, or why one was not run; None if there was none.

    In a trace from a file, `steps`, `metrics` and `printed` are loaded lazily.
    """

    scenario: str
    title: str
    seed: int | None
    dtype: str
    hyperparameters: Mapping[str, Any]
    versions: Mapping[str, str]
    steps: Sequence[Step] = ()
    metrics: Sequence[Mapping[str, Any]] = ()
    printed: Sequence[str] = ()
    stopped: Message | None = None
    unfinished: Message | None = None
    source: str = ""
    arithmetic: str = ""
    finite_steps: int = 0
    defaults: Sequence[str] = ()
    verdict: Message | None = None

    def __repr__(self) -> str:
        return f"Trace({self.scenario!r}, {len(self.steps)} steps, seed {self.seed}, {self.dtype})"

    @property
    def planned(self) -> int:
        """The planned number of steps."""
        planned = self.hyperparameters.get("steps")
        return planned if isinstance(planned, int) and planned >= 0 else len(self.steps)

    def step(self, index: int) -> Step:
        """The step of that index in the run, from 0. Raises KeyError if it is not on record."""
        # Fast path: in a complete run, index and position are equal.
        if 0 <= index < len(self.steps) and self.steps[index].index == index:
            return self.steps[index]
        for step in self.steps:
            if step.index == index:
                return step
        there = f"steps 0 to {self.steps[-1].index}" if self.steps else "no steps"
        raise KeyError(f"there is no step {index}: {self.scenario} has {there} on record")

    def first_nonfinite(self, *, only_nan: bool = False) -> tuple[Step, Node] | None:
        """The first node with a NaN or an infinity (with `only_nan`, a NaN) and its step, or None."""
        for position in range(self.finite_steps, len(self.steps)):
            step = self.steps[position]
            node = step.first_nonfinite(only_nan=only_nan)
            if node is not None:
                return step, node
        return None

    def to_networkx(self, step: int = 0) -> Any:
        """The graph of one step as a networkx.MultiDiGraph: nodes by id, one edge per use of a value.

        Attributes are plain numbers and strings. The `position` of an edge is that of the input.
        """
        from tracer.graph.networkx_export import networkx_graph  # networkx is slow to import

        return networkx_graph(self, self.step(step))
