"""The nodes of a recorded step, made when somebody reads them: training does not wait for names and source lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from tracer.entries import Entry, Marks
from tracer.graph import Node
from tracer.naming import nodes_of
from tracer.repetition import Pattern
from tracer.source import Files


@dataclass(frozen=True, slots=True)
class Repeated:
    """What followed the loss in a step that went like an earlier one: its pattern, and the values."""

    pattern: Pattern
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recorder wrote down of a step, what was repeated behind it, and the files of the program."""

    entries: tuple[Entry, ...]
    repeated: Repeated | None
    marks: Marks
    files: Files

    def __len__(self) -> int:
        return len(self.entries) + (len(self.repeated.values) if self.repeated is not None else 0)

    def nodes(self) -> tuple[Node, ...]:
        """The nodes of the step."""
        repeated = self.repeated
        later = repeated.pattern.entries_with(repeated.values) if repeated is not None else []
        return nodes_of((*self.entries, *later), self.marks, self.files)


class RecordedNodes(Sequence[Node]):
    """The nodes of a step. The first look at one of them makes all of them, for the names of some depend on others."""

    __slots__ = ("_held",)

    def __init__(self, recording: Recording) -> None:
        self._held: Recording | tuple[Node, ...] = recording

    def _nodes(self) -> tuple[Node, ...]:
        held = self._held
        if isinstance(held, Recording):
            held = self._held = held.nodes()
        return held

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, position: int) -> Node: ...

    @overload
    def __getitem__(self, position: slice) -> tuple[Node, ...]: ...

    def __getitem__(self, position: int | slice) -> Node | tuple[Node, ...]:
        return self._nodes()[position]

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes())

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process gets plain nodes: where in the code they come from is known by then."""
        return tuple, (self._nodes(),)
