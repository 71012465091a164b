"""A recorded program as its analysis reads it: values as arrays, what uses what, names, and code positions that recur."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property, lru_cache
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from tracer.graph.record import Literal
from tracer.ops.base import Op
from tracer.programs.record import ProgramRecord
from tracer.recording.source import Invocation, assigned_at, operand_name, position_at, positions_of


class Key(NamedTuple):
    """A code position that operations of several steps share: the operation, the number of its chain of calls, the offset."""

    op: str
    chain: int
    offset: int


class Statement(NamedTuple):
    """A statement of the program: its file, and its lines."""

    filename: str
    line: int
    end: int


class ProgramTape:
    """The tape of a program, and what is asked of it again and again."""

    def __init__(self, record: ProgramRecord) -> None:
        self.record = record
        self._chains: dict[tuple[object, int, int], int] = {}
        self._chain_of: dict[Invocation, int] = {}
        self._names: dict[tuple[int, int], str] = {}

    def __len__(self) -> int:
        return len(self.record.entries)

    def op(self, id: int) -> str:
        """The name of the operation, or the kind of leaf."""
        op = self.record.entries[id][0]
        return op if isinstance(op, str) else op.name

    def op_class(self, id: int) -> type[Op] | None:
        """The operation; None for a leaf."""
        op = self.record.entries[id][0]
        return None if isinstance(op, str) else op

    @cached_property
    def inputs(self) -> Sequence[tuple[int, ...]]:
        """The ids of the operands of every entry, without numbers."""
        return [tuple(each for each in entry[1] if isinstance(each, int)) for entry in self.record.entries]

    @cached_property
    def users(self) -> Sequence[Sequence[int]]:
        """The entries that an entry is an operand of."""
        found: list[list[int]] = [[] for _ in self.record.entries]
        for id, operands in enumerate(self.inputs):
            for operand in dict.fromkeys(operands):
                found[operand].append(id)
        return found

    def varying(self, id: int) -> list[int]:
        """The operands that an entry changes with: not those of which only the shape counts, as for zeros_like."""
        op = self.op_class(id)
        return (
            []
            if op is None
            else [each for place, each in enumerate(self.operands(id)) if isinstance(each, int) and op.differentiable(place)]
        )

    def operands(self, id: int) -> tuple[int | Literal, ...]:
        """The operands of an entry, with numbers."""
        return self.record.entries[id][1]

    def raw(self, id: int) -> Any:
        """The value as it was recorded."""
        return self.record.entries[id][3]

    def value(self, id: int) -> np.ndarray:
        """The value as an array."""
        return np.asarray(self.record.entries[id][3])

    def is_number(self, id: int) -> bool:
        """Whether the value is real and can vary: no truth values."""
        return self.value(id).dtype.kind in "fiu"

    def is_float(self, id: int) -> bool:
        """Whether the value is real and floating-point."""
        return self.value(id).dtype.kind == "f"

    # Places.

    def chain(self, invocation: Invocation | None) -> int:
        """The number of a chain of calls: the same for calls of the same functions from the same places; -1 for none."""
        if invocation is None:
            return -1
        found = self._chain_of.get(invocation)
        if found is None:
            above = self.chain(invocation.caller)
            caller = invocation.caller
            offset = invocation.call_offset if caller is None else first_offset(caller.code, invocation.call_offset)
            found = self._chains.setdefault((invocation.code, offset, above), len(self._chains))
            self._chain_of[invocation] = found
        return found

    def key(self, id: int) -> Key:
        """The code position of an entry."""
        invocation, offset = self.record.entries[id][4].invocation, self.record.entries[id][5]
        if invocation is not None:
            offset = first_offset(invocation.code, offset)
        return Key(self.op(id), self.chain(invocation), offset)

    def line(self, id: int) -> int:
        """The line of the expression; 0 if unknown."""
        place = self.record.place(id)
        return 0 if place is None else place.line

    def name(self, id: int) -> str:
        """The variable that the result is assigned to; empty if to none."""
        invocation, offset = self.record.entries[id][4].invocation, self.record.entries[id][5]
        if invocation is None or offset < 0 or id in self.record.marks.unnamed:
            return ""
        at = self.chain(invocation), offset
        if at not in self._names:
            self._names[at] = assigned_at(self.record.files, invocation, offset).name
        return self._names[at]

    def operand_text(self, user: int, operand: int) -> str:
        """The variable by which an entry has this operand; empty if by none."""
        entry = self.record.entries[user]
        if entry[4].invocation is None or entry[5] < 0:
            return ""
        for position, each in enumerate(entry[1]):
            if each == operand:
                return operand_name(self.record.files, entry, position)
        return ""

    def text(self, id: int) -> str:
        """The text of the expression."""
        place = self.record.place(id)
        position = None if place is None else place.position
        return "" if place is None or position is None else self.record.files.text_at(place.code, position)

    def statement(self, id: int) -> Statement | None:
        """The innermost statement that computed an entry."""
        place = self.record.place(id)
        if place is None or place.position is None:
            return None
        return _statement_at(self.source(place.code.co_filename), place.code.co_filename, place.position[0])

    def source(self, filename: str) -> str:
        """The text of a file of the program."""
        return self.record.files.text_of(filename)

    def statement_text(self, statement: Statement) -> str:
        """The lines of a statement, without indentation."""
        lines = self.source(statement.filename).splitlines()[statement.line - 1 : statement.end]
        return " ".join(line.strip() for line in lines)

    def statement_text_of(self, id: int) -> str:
        """The statement that computed an entry; empty if it is not known."""
        statement = self.statement(id)
        return "" if statement is None else self.statement_text(statement)

    # Ways through the tape.

    def ancestors(self, starts: Iterable[int], *, stop: Collection[int] = (), since: int = 0) -> set[int]:
        """What entries were computed from, with themselves; not beyond `stop`, and not before `since`."""
        seen: set[int] = set()
        waiting = list(starts)
        while waiting:
            id = waiting.pop()
            if id in seen or id < since:
                continue
            seen.add(id)
            if id not in stop:
                waiting += self.inputs[id]
        return seen

    def dependents(self, sources: Collection[int], within: Collection[int]) -> set[int]:
        """Those entries of `within` that were computed from any of the sources, with these."""
        found = {id for id in sources if id in within}
        for id in sorted(within):
            if any(operand in found for operand in self.inputs[id]):
                found.add(id)
        return found


@lru_cache(maxsize=4096)
def first_offset(code: CodeType, offset: int) -> int:
    """The first instruction of the expression of an instruction.

    Python sees a call at another offset once it has made the instruction faster.
    """
    position = position_at(code, offset)
    return offset if position is None else 2 * positions_of(code).index(position)


@lru_cache(maxsize=8)
def statements_of(text: str) -> dict[int, tuple[int, int]]:
    """The lines of the innermost statement, by each of its lines; of a compound statement, of its head only."""
    found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = (body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno) or node.lineno
            for line in range(node.lineno, max(end, node.lineno) + 1):
                if found[line][0] <= node.lineno:
                    found[line] = node.lineno, max(end, node.lineno)
    return found


def _statement_at(text: str, filename: str, line: int) -> Statement:
    start, end = statements_of(text)[line]
    return Statement(filename, start or line, end or line)
