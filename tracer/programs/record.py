"""What was recorded of a program: its operations in order, each with its place in the text, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from tracer.recording.program_text.facts import Position
from tracer.recording.source import Files, Invocation, position_at
from tracer.recording.tape import Entry, Marks


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended: with an exit code, by an exception, stopped because enough was recorded, or none of these."""

    exit_code: int = 0
    error: BaseException | None = None
    was_stopped: bool = False


@dataclass(frozen=True)
class ProgramRecord:
    """The operations of a program, as one tape over all of its steps.

    `entries` are those of the recorder; a leaf is what the record cannot follow further back. `unknown` are the ids of values
    that were computed in a way that is not recorded, with the ids of what they were computed from; `changed_outside` of arrays
    that something else wrote into. `left` says of ids to which library their value was handed. `passes` has the line of a loop,
    and the number of entries before, for each of its passes. `used_up` is what of the budget was used up, so that the rest of the
    program was not recorded: "nodes", "bytes", or empty. `gaps` has the number of entries before each stretch that was recorded
    after one that was not.
    """

    path: Path
    entries: Sequence[Entry]
    marks: Marks
    files: Files
    unknown: Mapping[int, tuple[int, ...]]
    changed_outside: frozenset[int]
    left: Mapping[int, str]
    passes: Sequence[tuple[int, int]]
    ending: Ending
    used_up: str = ""
    gaps: Sequence[int] = ()

    @cached_property
    def values(self) -> Sequence[Any]:
        """The value of every entry: a read-only array, or a Python number."""
        return [entry[3] for entry in self.entries]

    def inputs(self, id: int) -> tuple[int, ...]:
        """The ids of the entries that an operation was computed from."""
        return tuple(operand for operand in self.entries[id][1] if isinstance(operand, int))

    def place(self, id: int) -> Place | None:
        """Where in the program an entry was computed: the innermost function of the program; None if unknown."""
        invocation, offset = self.entries[id][4].invocation, self.entries[id][5]
        return None if invocation is None or offset < 0 else Place(invocation, offset)


@dataclass(frozen=True, slots=True)
class Place:
    """An instruction in one call of a function of the program."""

    invocation: Invocation
    offset: int

    @property
    def code(self) -> CodeType:
        """The code of the function."""
        return self.invocation.code

    @property
    def position(self) -> Position | None:
        """The lines and columns of the expression; None if unknown."""
        return position_at(self.invocation.code, self.offset)

    @property
    def line(self) -> int:
        """The line of the expression, from 1; 0 if unknown."""
        position = self.position
        return position[0] if position is not None else 0

    @property
    def caller(self) -> Place | None:
        """Where the function was called; None for the program itself."""
        outer = self.invocation.caller
        return None if outer is None else Place(outer, self.invocation.call_offset)
