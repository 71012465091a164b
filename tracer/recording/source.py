"""Finds where an operation is in the user's code: its expression, the variable it is assigned to, the calls around it.

Python keeps the exact position of every instruction (`code.co_positions()`), so a code object and an instruction offset
are enough to find the text of the expression, and whether the whole of it is assigned to a name or returned. That is
computed when the step is read, from the files as they were when it was recorded.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType

from tracer.graph.record import Source

PACKAGE = Path(sys.modules["tracer"].__path__[0])
"""The folder of the package `tracer`."""

_LIBRARY_FOLDERS = frozenset(str(PACKAGE / package) for package in ("nn", "nn/optimizers", "recording"))
"""Packages whose functions run inside a recorded program but are not user code."""

Position = tuple[int, int, int, int]
"""Line and byte column of the start, line and byte column of the end."""


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


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The expressions of a file that are assigned to a name, and those that are returned."""

    assigned: dict[Position, str]
    returned: frozenset[Position]
    returned_names: dict[tuple[str, int], frozenset[str]]
    """The variables that a function returns, by its name and first line."""
    returned_tuples: dict[tuple[str, int], tuple[str, ...]]
    """The variables in the tuple or list that a function returns, by its name and first line."""


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


class Files:
    """The files of a recorded program as they were when it ran: they may change before the record is read.

    `base` is the folder against which their names are shown.
    """

    def __init__(self, base: Path | None = None) -> None:
        self._base = base
        self._lines: dict[str, list[str]] = {}
        self._facts: dict[str, FileFacts] = {}
        self._sources: dict[tuple[CodeType, int], Source | None] = {}

    def remember(self, filename: str) -> None:
        """Read a file if it was not read before."""
        if filename not in self._lines:
            self._lines[filename] = linecache.getlines(filename)

    def text_at(self, filename: str, position: Position) -> str:
        """The text of an expression, with white space collapsed, cut if it is long; empty if the file cannot be read."""
        line, column, end_line, end_column = position
        self.remember(filename)
        lines = [text.encode() for text in self._lines[filename][line - 1 : end_line]]
        if len(lines) < end_line - line + 1:
            return ""
        lines[-1] = lines[-1][:end_column]
        lines[0] = lines[0][column:]
        text = " ".join(b" ".join(lines).decode(errors="replace").split())
        return text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH]} ..."

    def facts_of(self, filename: str) -> FileFacts:
        """The facts of a file; empty if it cannot be read or parsed."""
        if filename not in self._facts:
            self.remember(filename)
            self._facts[filename] = _facts_of_text("".join(self._lines[filename]))
        return self._facts[filename]

    def source_at(self, code: CodeType, offset: int) -> Source | None:
        """The source location of an instruction; None if unknown."""
        if (code, offset) not in self._sources:
            position = position_at(code, offset)
            self._sources[code, offset] = (
                Source(shown_file(code.co_filename, self._base), position[0], self.text_at(code.co_filename, position))
                if position
                else None
            )
        return self._sources[code, offset]


@lru_cache(maxsize=64)
def _facts_of_text(text: str) -> FileFacts:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        tree = ast.Module(body=[], type_ignores=[])
    assigned: dict[Position, str] = {}
    returned: set[Position] = set()
    returned_names: dict[tuple[str, int], frozenset[str]] = {}
    returned_tuples: dict[tuple[str, int], tuple[str, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in reversed(node.targets):  # `a = b = ...` keeps the first name
                assigned.update(_pairs(target, node.value))
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            assigned.update(_pairs(node.target, node.value))
        elif isinstance(node, ast.AugAssign):
            assigned.update((_position(node), name) for _, name in _pairs(node.target, node.value))
        elif isinstance(node, ast.Return) and node.value is not None:
            returned.add(_position(node.value))
        elif isinstance(node, ast.Lambda):
            returned.add(_position(node.body))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            names = {
                statement.value.id
                for statement in ast.walk(node)
                if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name)
            }
            returned_names[node.name, first] = frozenset(names)
            written = {_variables(statement.value) for statement in _own_statements(node) if isinstance(statement, ast.Return)}
            if len(written) == 1:
                returned_tuples[node.name, first] = written.pop()
    return FileFacts(assigned, frozenset(returned), returned_names, returned_tuples)


def _own_statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.stmt]:
    """The statements of a function without those of the functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _variables(value: ast.expr | None) -> tuple[str, ...]:
    """The variables in a tuple or a list that has nothing else and none twice; empty for anything else."""
    if not isinstance(value, (ast.Tuple, ast.List)):
        return ()
    names = tuple(each.id for each in value.elts if isinstance(each, ast.Name))
    return names if len({*names}) == len(value.elts) else ()


def _position(node: ast.expr | ast.stmt) -> Position:
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[Position, str]]:
    """The position of a value and the name it is assigned to; tuples are unpacked."""
    if isinstance(target, ast.Name):
        yield _position(value), target.id
    elif isinstance(target, ast.Attribute):
        yield _position(value), target.attr
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        for one_target, one_value in zip(target.elts, value.elts, strict=False):
            yield from _pairs(one_target, one_value)


@dataclass(frozen=True, slots=True)
class Assigned:
    """The variable that a result is assigned to (empty: none), and whether that is in the user's code."""

    name: str
    by_user: bool


def assigned_at(files: Files, invocation: Invocation | None, offset: int) -> Assigned:
    """The variable that an operation's result is assigned to.

    A returned expression takes the name that the caller assigns the call to; the outermost such name wins.
    """
    found = Assigned("", False)
    while invocation is not None:
        position = position_at(invocation.code, offset)
        if position is None:
            break
        facts = files.facts_of(invocation.code.co_filename)
        if position in facts.assigned:
            found = Assigned(facts.assigned[position], not invocation.is_library)
        if position not in facts.returned:
            break
        offset, invocation = invocation.call_offset, invocation.caller
    return found


def returns_variable(files: Files, code: CodeType, name: str) -> bool:
    """Whether that variable is the only one that the function returns by name."""
    facts = files.facts_of(code.co_filename)
    return facts.returned_names.get((code.co_name, code.co_firstlineno), frozenset()) == {name}


def returned_variables(code: CodeType | None) -> tuple[str, ...]:
    """The variables in the tuple or list that a function returns: `return out, hidden`; empty if that cannot be told."""
    if code is None:
        return ()
    facts = _facts_of_text("".join(linecache.getlines(code.co_filename)))
    return facts.returned_tuples.get((code.co_name, code.co_firstlineno), ())


def statement_in_user_code(invocation: Invocation, offset: int) -> tuple[CodeType, int]:
    """The code and offset of the innermost call in user code; if there is none, those given."""
    where: Invocation | None = invocation
    at = offset
    while where is not None:
        if not where.is_library:
            return where.code, at
        at, where = where.call_offset, where.caller
    return invocation.code, offset


def readable(name: str) -> str:
    """A file name as text: as UTF-8 whatever the locale, with U+FFFD for bytes that are none.

    >>> readable("na\\udcc3\\udcafve.py"), readable("na\\udcefve.py")
    ('naïve.py', 'na\ufffdve.py')
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def shown_file(filename: str, base: Path | None) -> str:
    """A file name for display: relative to the scenario's folder or to this package if inside one of them."""
    path = Path(filename)
    filename = readable(filename)
    for folder, prefix in ((base, ""), (PACKAGE, "tracer/")):
        if folder is not None and path.is_relative_to(folder):
            return prefix + readable(path.relative_to(folder).as_posix())
    return filename
