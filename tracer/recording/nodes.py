"""The nodes of a recorded step, computed when the step is first read, so that training does not wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, overload

import numpy as np

from tracer.graph.record import Node
from tracer.recording.naming import nodes_of
from tracer.recording.plan import BackwardPlan
from tracer.recording.source import Files
from tracer.recording.tape import Entry, Marks

NO_VALUE = np.empty(0)


class NodesToCome(Protocol):
    """What the nodes of a step are made of when they are first read.

    `structure` is the same object for steps whose nodes differ in their values only; None if that is not known.
    """

    @property
    def structure(self) -> object | None: ...

    def __len__(self) -> int: ...

    def nodes(self) -> tuple[Node, ...]: ...


@dataclass(frozen=True, slots=True)
class ReplayedBackward:
    """A plan that was replayed after the loss, and the values that it gave."""

    plan: BackwardPlan
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """The tape of a step, what was replayed after it, and the files of the program.

    `structure` is the plan that all steps share which differ in nothing but their values; None for a step without one.
    """

    entries: tuple[Entry, ...]
    replayed: ReplayedBackward | None
    marks: Marks
    files: Files
    structure: BackwardPlan | None = None

    def __len__(self) -> int:
        return len(self.entries) + (len(self.replayed.values) if self.replayed is not None else 0)

    def nodes(self) -> tuple[Node, ...]:
        """The nodes of the step."""
        known = self.structure.nodes if self.structure is not None else None
        replayed = self.replayed
        if known is not None:
            after = replayed.values if replayed is not None else []
            return _with_values(known, [*[entry[3] for entry in self.entries], *after])
        after_loss = replayed.plan.entries_with(replayed.values) if replayed is not None else []
        found = nodes_of((*self.entries, *after_loss), self.marks, self.files)
        if self.structure is not None:
            # Without values: do not keep a finished step's arrays alive.
            self.structure.nodes = tuple(replace(node, content=NO_VALUE) for node in found)
        return found


def _with_values(nodes: Sequence[Node], values: Sequence[Any]) -> tuple[Node, ...]:
    """Nodes that differ from these in their values only."""
    found = []
    for node, value in zip(nodes, values, strict=True):
        array = value if type(value) is np.ndarray else np.asarray(value)
        array.setflags(write=False)
        found.append(
            Node(
                node.id, node.op, node.inputs, node.parameters, array, node.shape, node.dtype, node.phase, node.name,
                node.formula, node.scope, node.source, node.gradient_of, node.rule_of,
            )
        )  # fmt: skip
    return tuple(found)


class RecordedNodes(Sequence[Node]):
    """The nodes of a step. Reading one of them computes all of them, because the names of some depend on others.

    `structure` is the same object for steps whose nodes differ in their values only; None if that is not known.
    """

    __slots__ = ("_held", "structure")

    def __init__(self, recording: NodesToCome) -> None:
        self._held: NodesToCome | tuple[Node, ...] = recording
        self.structure: object | None = recording.structure

    def _nodes(self) -> tuple[Node, ...]:
        held = self._held
        if not isinstance(held, tuple):
            held = self._held = held.nodes()
        return held

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, position: int) -> Node: ...

    @overload
    def __getitem__(self, position: slice) -> tuple[Node, ...]: ...

    def __getitem__(self, position: int | slice) -> Node | tuple[Node, ...]:
        held = self._held  # most steps are read node by node, many times
        return held[position] if type(held) is tuple else self._nodes()[position]

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes())

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process gets plain nodes, which need neither tape nor source files."""
        return tuple, (self._nodes(),)
