"""Finds where an operation is in the user's code: its expression, the variable it is assigned to, the calls around it.

Python keeps the exact position of every instruction (`code.co_positions()`), so a code object and an instruction offset
are enough to find the text of the expression, and whether the whole of it is assigned to a name or returned. That is
computed when the step is read, from the files as they were when it was recorded.
"""

from __future__ import annotations

import dis
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any, Protocol, TypeAlias

from tracer.arguments import readable
from tracer.graph.record import Source
from tracer.recording.program_text.facts import MAX_TARGET_LENGTH, Operand, Position, TextFacts, facts_of_text
from tracer.recording.program_text.instructions import Destination, destination, variables_returned
from tracer.recording.program_text.lines import lines_of

PACKAGE = Path(sys.modules["tracer"].__path__[0])
"""The folder of the package `tracer`."""

_LIBRARY_FOLDERS = frozenset(str(PACKAGE / package) for package in ("nn", "nn/optimizers", "ops/compositions", "recording"))
"""Packages whose functions run inside a recorded program but are not user code."""


def is_library(code: CodeType) -> bool:
    """Whether a function belongs to this package (a layer, a loss, an optimizer) and not to the user's code."""
    return os.path.dirname(code.co_filename) in _LIBRARY_FOLDERS  # noqa: PTH120 (called for every operation)


@dataclass(frozen=True, slots=True, eq=False)
class Invocation:
    """One call of a function of the recorded program: its code, and the call site in the calling invocation."""

    code: CodeType
    caller: Invocation | None = None
    call_offset: int = -1

    @property
    def is_library(self) -> bool:
        """Whether the function belongs to this package and not to the user's code."""
        return is_library(self.code)


MAX_TEXT_LENGTH = 10_000
"""Characters of an expression after which it is cut: a table of numbers in the code may be longer."""


@lru_cache(maxsize=256)
def positions_of(code: CodeType) -> tuple[Position | None, ...]:
    """The position of every instruction of a function; an instruction takes two bytes."""
    return tuple(
        None if line is None or end is None or column is None or end_column is None else (line, column, end, end_column)
        for line, end, column, end_column in code.co_positions()
    )


def position_at(code: CodeType, offset: int) -> Position | None:
    """The position of the instruction at an offset; None if unknown."""
    positions = positions_of(code)
    return positions[offset // 2] if 0 <= offset // 2 < len(positions) else None


class _Context(Protocol):
    @property
    def invocation(self) -> Invocation | None: ...


_Placed: TypeAlias = tuple[Any, Sequence[Any], Mapping[str, Any], Any, _Context, int]
"""An entry of a tape: its operation, operands, parameters, value, context and offset."""


class Files:
    """The texts of a recorded program as they were when it ran: files may change before the record is read.

    `base` is the folder against which the names of files are shown.
    """

    def __init__(self, base: Path | None = None) -> None:
        self._base = base
        self._lines: dict[str | CodeType, list[str]] = {}
        self._facts: dict[str | CodeType, TextFacts] = {}
        self._sources: dict[tuple[CodeType, int], Source | None] = {}

    def remember(self, code: CodeType) -> None:
        """Read the text that a function is from if it was not read before."""
        key = _key(code)
        if key not in self._lines:
            self._lines[key] = lines_of(code)

    def remember_text(self, filename: str, text: str) -> None:
        """Take this for the text of a file, whatever is in it."""
        self._lines[filename] = text.splitlines(keepends=True)

    def has_text(self, code: CodeType) -> bool:
        """Whether the text that a function is from could be read."""
        self.remember(code)
        return bool(self._lines[_key(code)])

    def text_at(self, code: CodeType, position: Position) -> str:
        """The text of an expression, with white space collapsed, cut if it is long; empty if the text cannot be read."""
        line, column, end_line, end_column = position
        self.remember(code)
        lines = [text.encode() for text in self._lines[_key(code)][line - 1 : end_line]]
        if len(lines) < end_line - line + 1:
            return ""
        lines[-1] = lines[-1][:end_column]
        lines[0] = lines[0][column:]
        text = " ".join(b" ".join(lines).decode(errors="replace").split())
        return text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH]} ..."

    def text_of(self, filename: str) -> str:
        """The whole text of a file; empty if nothing of it was recorded."""
        return "".join(self._lines.get(filename, ()))

    def facts_of(self, code: CodeType) -> TextFacts:
        """The facts of the text that a function is from; none if it cannot be read or parsed."""
        key = _key(code)
        if key not in self._facts:
            self.remember(code)
            self._facts[key] = facts_of_text("".join(self._lines[key]))
        return self._facts[key]

    def source_at(self, code: CodeType, offset: int) -> Source | None:
        """The source location of an instruction; None if unknown. That of a write into `x[i]` is the whole assignment."""
        if (code, offset) not in self._sources:
            position = position_at(code, offset)
            if position is not None and _stores(code, offset):
                position = self.facts_of(code).statements.get(position, position)
            self._sources[code, offset] = (
                Source(shown_file(code.co_filename, self._base), position[0], self.text_at(code, position)) if position else None
            )
        return self._sources[code, offset]


def _stores(code: CodeType, offset: int) -> bool:
    """Whether an instruction is the end of an assignment."""
    return dis.opname[code.co_code[offset]].startswith("STORE_")


def _key(code: CodeType) -> str | CodeType:
    """What has one text: a file; but `<string>` and the like may be many."""
    filename = code.co_filename
    return code if filename.startswith("<") else filename


@dataclass(frozen=True, slots=True)
class Assigned:
    """The variable that a result is assigned to (empty: none), and whether that is in the user's code."""

    name: str
    by_user: bool


def assigned_at(files: Files, invocation: Invocation | None, offset: int, part: int | None = None) -> Assigned:
    """The variable that an operation's result is assigned to; with `part`, that part of several results.

    A returned expression takes the name that the caller assigns the call to; the outermost such name wins.
    """
    found = Assigned("", False)
    while invocation is not None:
        position = position_at(invocation.code, offset)
        if position is None:
            break
        goes = _destination(files, invocation.code, offset, position)
        name = goes.name if part is None else goes.parts[part] if part < len(goes.parts) else None
        if name:
            found = Assigned(name, not invocation.is_library)
        if not goes.is_returned:
            break
        offset, invocation = invocation.call_offset, invocation.caller
    return found


def _destination(files: Files, code: CodeType, offset: int, position: Position) -> Destination:
    if not files.has_text(code):
        return destination(code, offset)
    facts = files.facts_of(code)
    if position in facts.written and _stores(code, offset):
        return Destination(facts.written[position])
    return Destination(facts.assigned.get(position), facts.unpacked.get(position, ()), position in facts.returned)


def operand_name(files: Files, entry: _Placed, position: int) -> str:
    """The variable that an operand of an operation is, by its position; empty if it is none."""
    found = _operand(files, entry, position)
    return (found.name if found is not None else None) or ""


def operand_text(files: Files, entry: _Placed, position: int) -> str:
    """An operand as it is written, the variable or a short expression such as `np.arange(n)`; empty if that cannot be told."""
    found, invocation = _operand(files, entry, position), entry[4].invocation
    if found is None or found.name or invocation is None:
        return (found.name if found is not None else None) or ""
    text = files.text_at(invocation.code, found.position) if found.is_value else ""
    return text if len(text) <= MAX_TARGET_LENGTH else ""


def _operand(files: Files, entry: _Placed, position: int) -> Operand | None:
    """What an operand of an operation is in the text; None if that cannot be told."""
    _, operands, parameters, _, context, offset = entry
    at = None if context.invocation is None else position_at(context.invocation.code, offset)
    if at is None or context.invocation is None:
        return None
    facts, count = files.facts_of(context.invocation.code), len(operands)
    written, owner = facts.operands.get(at, ()), facts.owners.get(at)
    index = parameters.get("index")
    pattern: Sequence[Any] = index if isinstance(index, list) else ()
    first = count - pattern.count("array")  # of the arrays of an index
    if at in facts.indices and first < count:  # x[i, y], x[i, y] = value
        if position >= first:
            parts = facts.indices[at]
            if len(parts) != len(pattern):
                return None
            return [part for part, kind in zip(parts, pattern, strict=True) if kind == "array"][position - first]
        return owner if position == 0 else facts.written_values.get(at)
    if position == 1 and at in facts.written_values:  # x[1:] = value
        return facts.written_values[at]
    if len(written) == count - 1 and owner is not None:  # x.dot(y): the first is the array whose method it is
        written = (owner, *written)
    elif position == 0 and owner is not None and len(written) != count:
        return owner
    if len(written) != count:
        return None
    if first == 2:  # np.add.at(x, i, y): the index is before what is added, and behind it among the operands
        written = (written[0], written[-1], *written[1:-1])
    return written[position]


def returns_variable(files: Files, code: CodeType, name: str) -> bool:
    """Whether that variable is the only one that the function returns by name."""
    if not files.has_text(code):
        return variables_returned(code) == {name}
    facts = files.facts_of(code)
    return facts.returned_names.get((code.co_name, code.co_firstlineno), frozenset()) == {name}


def returned_variables(code: CodeType | None) -> tuple[str, ...]:
    """The variables in the tuple or list that a function returns: `return out, hidden`; empty if that cannot be told."""
    if code is None:
        return ()
    return facts_of_text("".join(lines_of(code))).returned_tuples.get((code.co_name, code.co_firstlineno), ())


def statement_in_user_code(invocation: Invocation, offset: int) -> tuple[CodeType, int]:
    """The code and offset of the innermost call in user code; if there is none, those given."""
    where: Invocation | None = invocation
    at = offset
    while where is not None:
        if not where.is_library:
            return where.code, at
        at, where = where.call_offset, where.caller
    return invocation.code, offset


def shown_file(filename: str, base: Path | None) -> str:
    """A file name for display: relative to the scenario's folder or to this package if inside one of them."""
    path = Path(filename)
    filename = readable(filename)
    for folder, prefix in ((base, ""), (PACKAGE, "tracer/")):
        if folder is not None and path.is_relative_to(folder):
            return prefix + readable(path.relative_to(folder).as_posix())
    return filename
