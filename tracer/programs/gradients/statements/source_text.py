"""The text of a program as a tree: its statements, the expressions at code positions, and statements with a part replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tracer.programs.gradients.report import Replacement
from tracer.recording.program_text.facts import Position

_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Tuple, ast.Dict)
"""Expressions that need no brackets, whatever is around them."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text, its lines as bytes, and its tree."""

    text: str
    lines: Sequence[bytes]
    tree: ast.Module

    def statement(self, line: int) -> ast.stmt | None:
        """The innermost statement of a line, if it is an assignment, a return or an expression."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, _SIMPLE) and node.lineno <= line <= _end(node)]
        return max(found, key=lambda node: (node.lineno, node.col_offset), default=None)

    def expression(self, position: Position | None, within: ast.stmt) -> ast.expr | None:
        """The expression at a position inside a statement."""
        for node in ast.walk(within):
            if isinstance(node, ast.expr) and position == (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset):
                return node
        return None

    def name_of(self, module: str) -> str:
        """The name under which a module is imported; empty if it is not."""
        imports = (alias for node in ast.walk(self.tree) if isinstance(node, ast.Import) for alias in node.names)
        return next((alias.asname or alias.name for alias in imports if alias.name == module), "")

    def statement_text(self, statement: ast.stmt) -> str:
        """A statement on one line, without its indentation."""
        return " ".join(_stripped(self.lines[statement.lineno - 1 : _end(statement)]))

    def segment(self, node: ast.expr) -> str:
        """The text of an expression, with white space collapsed."""
        lines = list(self.lines[node.lineno - 1 : node.end_lineno])
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return " ".join(b" ".join(lines).decode(errors="replace").split())

    def bracketed(self, node: ast.expr) -> str:
        """The text of an expression as an operand of a product."""
        text = self.segment(node)
        return text if isinstance(node, _ATOMS) else f"({text})"

    def bracketed_right(self, node: ast.expr) -> str:
        """The text of an expression as an operand of a difference."""
        is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))
        return f"({self.segment(node)})" if is_sum else self.segment(node)

    def replaced(self, statement: ast.stmt, node: ast.AST, new: str) -> Replacement | None:
        """A statement with a part of it replaced, on one line; None if that is no Python."""
        return self.replaced_at(statement, _span(node), new)

    def replaced_between(self, statement: ast.stmt, one: ast.expr, other: ast.expr, old: str, new: str) -> Replacement | None:
        """A statement with the operation between two of its expressions replaced; brackets stay."""
        line, column, end_line, end_column = one.end_lineno or 0, one.end_col_offset or 0, other.lineno, other.col_offset
        if line != end_line:
            return None
        between = self.lines[line - 1][column:end_column].decode(errors="replace")
        return self.replaced_at(statement, (line, column, end_line, end_column), between.replace(old, new, 1))

    def replaced_at(self, statement: ast.stmt, span: Position, new: str) -> Replacement | None:
        """The same, by the lines and columns of the part."""
        first, last = statement.lineno, _end(statement)
        line, column, end_line, end_column = span
        before = [*_stripped(self.lines[first - 1 : line - 1]), self.lines[line - 1][:column].decode(errors="replace").lstrip()]
        behind = [self.lines[end_line - 1][end_column:].decode(errors="replace").rstrip(), *_stripped(self.lines[end_line:last])]
        text = (" ".join(before) + new + " ".join(behind)).strip()
        return Replacement(first, last, text) if _is_python(text) else None


def _stripped(lines: Sequence[bytes]) -> Iterator[str]:
    return (line.decode(errors="replace").strip() for line in lines)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _span(node: ast.AST) -> Position:
    assert isinstance(node, (ast.expr, ast.stmt))
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


@lru_cache(maxsize=4)
def source_text(text: str) -> SourceText | None:
    """The text of a program with its tree; None if it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    return SourceText(text, text.encode().splitlines(), tree)


def value_of(statement: ast.stmt) -> ast.expr | None:
    """What a statement computes: the right side of an assignment, what it returns."""
    return getattr(statement, "value", None)


def factors(value: ast.expr) -> Iterator[tuple[ast.expr, bool, ast.BinOp | None]]:
    """The factors of a product, whether each divides, and the product that it is an operand of; the value itself if it is none.

    >>> found = factors(ast.parse("-a * b / (2 * n)", mode="eval").body)
    >>> [(ast.unparse(factor), divides) for factor, divides, _ in found]
    [('a', False), ('b', False), ('2', True), ('n', True)]
    """
    yield from _factors(value, False, None)


def _factors(node: ast.expr, divides: bool, parent: ast.BinOp | None) -> Iterator[tuple[ast.expr, bool, ast.BinOp | None]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
        yield from _factors(node.left, divides, node)
        yield from _factors(node.right, divides is not isinstance(node.op, ast.Div), node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from _factors(node.operand, divides, None)
    else:
        yield node, divides, parent


def with_statement(text: str, new: Replacement) -> str:
    """A program with one statement replaced; other lines keep their numbers."""
    lines = text.splitlines()
    old = lines[new.first - 1]
    indent = old[: len(old) - len(old.lstrip())]
    lines[new.first - 1 : new.last] = [indent + new.text, *([""] * (new.last - new.first))]
    return "\n".join(lines) + "\n"


def terms_of(value: ast.expr) -> list[ast.expr]:
    """The terms of a sum or difference; the value itself if it is none."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Sub)):
        return [*terms_of(value.left), *terms_of(value.right)]
    return [value]


def each_once(proposals: Iterable[Replacement | None]) -> tuple[Replacement, ...]:
    """Those that there are, in their order, each once."""
    return tuple(dict.fromkeys(each for each in proposals if each is not None))
