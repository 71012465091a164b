"""A statement with one of its operations done another way: over another axis, with an operand transposed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tracer.programs.gradients.report import Replacement
from tracer.programs.gradients.statements.source_text import SourceText

_REDUCTIONS = frozenset({"sum", "mean", "max", "min", "amax", "amin"})


def over_other_axes(source: SourceText, statement: ast.stmt, value: ast.expr) -> Iterator[Replacement | None]:
    """The statement with a reduction over the other of two axes; with `keepdims`, if it has none."""
    for call in (node for node in ast.walk(value) if isinstance(node, ast.Call)):
        axis = _axis_of(source, call)
        if isinstance(axis, ast.Constant) and axis.value in (0, 1):
            yield source.replaced(statement, axis, str(1 - axis.value))
            if not any(each.arg == "keepdims" for each in call.keywords):
                yield source.replaced(statement, axis, f"{1 - axis.value}, keepdims=True")
        elif _is_builtin_sum(call) and (numpy := source.name_of("numpy")):
            over_rows = f"{numpy}.sum({source.segment(call.args[0])}, axis=1"
            yield source.replaced(statement, call, f"{over_rows}, keepdims=True)")
            yield source.replaced(statement, call, f"{over_rows})")


def _axis_of(source: SourceText, call: ast.Call) -> ast.expr | None:
    """The axis that a reduction is given, by name or by position; None if it is given none."""
    named = next((each.value for each in call.keywords if each.arg == "axis"), None)
    if named is not None or not isinstance(call.func, ast.Attribute) or call.func.attr not in _REDUCTIONS:
        return named
    owner = call.func.value
    position = 1 if isinstance(owner, ast.Name) and owner.id == source.name_of("numpy") else 0
    is_last = len(call.args) == position + 1 and not call.keywords
    return call.args[position] if is_last else None


def _is_builtin_sum(call: ast.Call) -> bool:
    """Whether a call is `sum(x)`, which adds the rows of an array."""
    return isinstance(call.func, ast.Name) and call.func.id == "sum" and len(call.args) == 1 and not call.keywords


def transposed_operands(source: SourceText, statement: ast.stmt, value: ast.expr) -> Iterator[Replacement | None]:
    """The statement with an operand of a matrix product transposed."""
    for node in ast.walk(value):
        for operand in _operands(node):
            if isinstance(operand, ast.Attribute) and operand.attr == "T":
                yield source.replaced(statement, operand, source.segment(operand.value))
            elif isinstance(operand, (ast.Name, ast.Attribute, ast.Subscript)):
                yield source.replaced(statement, operand, f"{source.segment(operand)}.T")


def _operands(node: ast.AST) -> list[ast.expr]:
    """The operands of `a @ b`, `np.dot(a, b)` and `a.dot(b)`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return [node.left, node.right]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("dot", "matmul"):
        return [*([node.func.value] if len(node.args) == 1 else []), *node.args]
    return []
