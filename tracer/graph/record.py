"""The record of a training run: a Trace holds Steps, a Step holds Nodes, a Node is one operation with its value.

    init -> forward -> loss -> backward -> update

One training step is one graph in these five phases. The record is plain data: it names operations and does not import
them, so that a trace can be read and drawn where nothing is computed.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from tracer.errors import close_names
from tracer.graph.summary import Summary, summary_of
from tracer.i18n.message import Message

LEAVES = ("parameter", "data", "hyperparameter", "state", "constant")
"""The `op` of a node that nothing computed: what the step started from."""

NOTEBOOK_DISPLAY = "tracer.notebook"
"""The module whose `mime_bundle` draws a record in a notebook."""

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


class StoredValue(Protocol):
    """A value that is not in memory: a file holds it, or only what its summary says of it."""

    @property
    def is_kept(self) -> bool:
        """Whether `load` gives the value."""
        ...

    @property
    def summary(self) -> Summary:
        """The statistics of the value, without loading it."""
        ...

    def load(self) -> np.ndarray:
        """The value, read-only. Raises UsageError where it was not kept."""
        ...


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """One operation of a step, or one leaf that the step started from.

    `content` is the value, or what stands for it in a file: read `value`, a read-only array, and where a file may have kept
    less, ask `is_kept` before; `summary` is there in any case.

    `formula` holds `{0}`, `{1}`, ... where the inputs stand, so that names or numbers can be put in without knowing the
    operation. `name` is the variable of the user's code, `dL/dh1` for a gradient, or empty. `gradient_of` is the forward
    node whose derivative a backward node computes, `rule_of` the forward operation whose derivative rule recorded it
    (None where gradients are added up, and for the derivative of the loss with respect to itself).
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

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows of it: a picture, and its text."""
        return _mime_bundle(self)

    @property
    def value(self) -> np.ndarray:
        """The value, a read-only array; raises UsageError where a file kept only its summary."""
        return self.content if isinstance(self.content, np.ndarray) else self.content.load()

    @property
    def is_kept(self) -> bool:
        """Whether the value is there, and not only its summary."""
        return isinstance(self.content, np.ndarray) or self.content.is_kept

    @property
    def summary(self) -> Summary:
        """The statistics of the value."""
        if not isinstance(self.content, np.ndarray):
            return self.content.summary
        if self._summary is None:
            # Computed lazily and cached.
            object.__setattr__(self, "_summary", summary_of(self.content))
        assert self._summary is not None
        return self._summary

    def set_summary(self, summary: Summary) -> None:
        """Know the statistics that were worked out for the same numbers: of a transpose, or of the step before."""
        if self._summary is None:
            object.__setattr__(self, "_summary", summary)

    @property
    def is_finite(self) -> bool:
        """Whether every element of the value is finite."""
        if self._summary is None and isinstance(self.content, np.ndarray):
            return self.content.dtype.kind not in "fc" or bool(np.all(np.isfinite(self.content)))
        return self.summary.is_finite

    @property
    def size(self) -> int:
        """How many elements the value has."""
        return math.prod(self.shape)

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
    """One training step: its nodes, in the order in which they were computed.

    `gradients` maps the id of a forward node to the id of the node that holds the derivative of the loss with respect to
    it, `updates` the id of a parameter to the id of its value after the update.
    """

    index: int
    nodes: Sequence[Node]
    loss_id: int
    gradients: Mapping[int, int] = field(default_factory=lambda: NOTHING)
    updates: Mapping[int, int] = field(default_factory=lambda: NOTHING)
    metrics: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    def __repr__(self) -> str:
        return f"Step({self.index}, {len(self.nodes)} nodes, loss {self.loss:.6g})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows of it: a picture, and its text."""
        return _mime_bundle(self)

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

    def first_nonfinite(self, *, only_nan: bool = False) -> Node | None:
        """The first node that holds a NaN or an infinity (or a NaN, if only that counts), or None where there is none."""
        for node in self.nodes:
            if not node.is_finite and (not only_nan or node.summary.nans):
                return node
        return None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """A run: what was run, with which seed and settings, and its steps.

    `metrics` has a row for every step that was run, also where `steps` keeps only some of them; `printed` is what the
    scenario's report printed, `stopped` says why a stopping rule ended the run (None where it ran its length), and
    `unfinished` why the record ends before the run came to its own end (None where it did). `source` is the text of the
    scenario's file, `arithmetic` tells machines apart that compute other last digits; of the first `finite_steps` steps it is
    known that every number is finite.

    Of a trace that was read from a file, `steps`, `metrics` and `printed` are read when they are asked for.
    """

    scenario: str
    title: str
    seed: int
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

    def __repr__(self) -> str:
        return f"Trace({self.scenario!r}, {len(self.steps)} steps, seed {self.seed}, {self.dtype})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows of it: a picture, and its text."""
        return _mime_bundle(self)

    @property
    def planned(self) -> int:
        """How many steps the run was to have."""
        planned = self.hyperparameters.get("steps")
        return planned if isinstance(planned, int) and planned >= 0 else len(self.steps)

    def step(self, index: int) -> Step:
        """The step of that index, counted from 0 in the course of the run. Raises KeyError where it is not on record."""
        # Whole runs are by far the most: there, position and index are one.
        if 0 <= index < len(self.steps) and self.steps[index].index == index:
            return self.steps[index]
        for step in self.steps:
            if step.index == index:
                return step
        there = f"steps 0 to {self.steps[-1].index}" if self.steps else "no steps"
        raise KeyError(f"there is no step {index}: {self.scenario} has {there} on record")

    def first_nonfinite(self, *, only_nan: bool = False) -> tuple[Step, Node] | None:
        """The first node of the run that holds a NaN or an infinity (or a NaN), and its step; None where there is none."""
        for position in range(self.finite_steps, len(self.steps)):
            step = self.steps[position]
            node = step.first_nonfinite(only_nan=only_nan)
            if node is not None:
                return step, node
        return None

    def to_networkx(self, step: int = 0) -> Any:
        """The graph of one step, a networkx.MultiDiGraph: nodes by id, an edge for every use of a value.

        Nodes and edges carry plain numbers and texts, so that every format of networkx can write them. An edge knows the
        `position` of the input it is.

        >>> empty = np.zeros(())
        >>> x = Node(0, "parameter", (), {}, empty, (), "float64", Phase.INIT, "x", "")
        >>> y = Node(1, "multiply", (0, 0), {}, empty, (), "float64", Phase.FORWARD, "y", "{0} * {1}")
        >>> graph = Trace("t", "", 0, "float64", {}, {}, (Step(0, (x, y), 1),)).to_networkx()
        >>> list(graph.edges(data="position")), graph.nodes[1]["op"]
        ([(0, 1, 0), (0, 1, 1)], 'multiply')
        """
        import networkx  # nothing else of the record needs it

        found = self.step(step)
        graph = networkx.MultiDiGraph(scenario=self.scenario, step=found.index, seed=self.seed)
        for node in found.nodes:
            graph.add_node(node.id, **_attributes(node, found))
            for position, operand in enumerate(node.inputs):
                if not isinstance(operand, Literal):
                    graph.add_edge(operand, node.id, position=position)
        return graph


def shared_structure(step: Step) -> object | None:
    """The object that the nodes of steps share which differ in their values only; None if that is not known."""
    return getattr(step.nodes, "structure", None)


def _mime_bundle(record: Node | Step | Trace) -> dict[str, str]:
    # Loaded by name when a notebook asks: the record is plain data and does not import what draws it.
    found: dict[str, str] = importlib.import_module(NOTEBOOK_DISPLAY).mime_bundle(record)
    return found


def _attributes(node: Node, step: Step) -> dict[str, str | int | float | bool]:
    """What a graph says of a node: only what there is, as plain numbers and texts."""
    attributes: dict[str, Any] = {
        "op": node.op,
        "name": node.name,
        "phase": node.phase.value,
        "shape": ",".join(map(str, node.shape)),
        "dtype": node.dtype,
        "formula": node.formula,
        "scope": node.scope,
        "source": str(node.source) if node.source else "",
        "expression": node.source.text if node.source else "",
        "gradient_of": node.gradient_of,
        "rule_of": node.rule_of,
        "gradient": step.gradients.get(node.id),
        "updated": step.updates.get(node.id),
        **node.summary.named(),
    }
    return {name: value for name, value in attributes.items() if value is not None and value != ""}
