"""A statement times a number: with another number in it, without one of its factors, with one more, or with the other sign."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tracer.programs.gradients.report import Replacement
from tracer.programs.gradients.statements.source_text import SourceText, factors, value_of

_NEAR = 1e-3

MAX_DIGITS = 4
"""Digits of a number that a repair has in it."""


def scaled(
    source: SourceText, statement: ast.stmt, value: ast.expr, factor: float, numbers: Mapping[str, float]
) -> Iterator[Replacement | None]:
    """The statement with its value times `factor`; `numbers` are the single numbers of the program by their text."""
    if abs(factor + 1) <= _NEAR:
        yield from reversed_sign(source, statement, value)
        return
    for node, divides, product in factors(value):
        known = _number(node, source, numbers)
        if known and abs((known if divides else 1 / known) / factor - 1) <= _NEAR and product is not None:
            yield _without(source, statement, node, product)
    for node, _, product in factors(value):
        if product is not None and _number(node, source, numbers) is None and isinstance(node, (ast.Name, ast.Attribute)):
            yield _without(source, statement, node, product)  # it may be such a number
    for node, divides, _ in factors(value):
        text = _text_of(node, factor, divides=divides)
        if text:
            yield source.replaced(statement, node, text)
    whole = source.segment(value)
    inner = source.bracketed(value) if _is_sum(value) else whole
    for text, known in sorted(numbers.items(), key=lambda each: len(each[0])):
        if text in whole or not known:
            continue
        if abs(1 / known / factor - 1) <= _NEAR:
            yield source.replaced(statement, value, f"{inner} / {text}")
        elif abs(known / factor - 1) <= _NEAR:
            yield source.replaced(statement, value, f"{text} * {source.bracketed(value) if _is_sum(value) else whole}")
    if _is_short(factor):
        yield source.replaced(statement, value, f"{factor:g} * {inner}")
    elif _is_short(1 / factor):
        yield source.replaced(statement, value, f"{inner} / {1 / factor:g}")


def reversed_sign(source: SourceText, statement: ast.stmt, value: ast.expr) -> Iterator[Replacement | None]:
    """The statement with the other sign: the other operation of an update, the operands of a difference swapped, a minus."""
    for negation in _negations(value):
        yield source.replaced(statement, negation, source.bracketed(negation.operand))
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub):
        yield source.replaced(statement, value, f"{source.bracketed_right(value.right)} - {source.bracketed_right(value.left)}")
    for node, _, _ in factors(value):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and node is not value:
            yield source.replaced(statement, node, f"{source.bracketed_right(node.right)} - {source.bracketed_right(node.left)}")
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, (ast.Add, ast.Sub)) and value is value_of(statement):
        yield _other_operation(source, statement)
    yield source.replaced(statement, value, f"-{source.bracketed(value)}" if _is_sum(value) else f"-{source.segment(value)}")


def other_direction(source: SourceText, statement: ast.stmt) -> Iterator[Replacement | None]:
    """An update that goes the other way: `-=` for `+=`, `w - change` for `w + change`."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, (ast.Add, ast.Sub)):
        yield _other_operation(source, statement)
        return
    value = value_of(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) and (node is value or value is None):
            yield _other_sign(source, statement, node)
    for node in ast.walk(statement):
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) and node is not value:
            yield _other_sign(source, statement, node)


def _other_sign(source: SourceText, statement: ast.stmt, node: ast.BinOp) -> Replacement | None:
    old, new = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
    return source.replaced_between(statement, node.left, node.right, old, new)


def _other_operation(source: SourceText, statement: ast.AugAssign) -> Replacement | None:
    old, new = ("+=", "-=") if isinstance(statement.op, ast.Add) else ("-=", "+=")
    return source.replaced_between(statement, statement.target, statement.value, old, new)


def _negations(value: ast.expr) -> Iterator[ast.UnaryOp]:
    """The minus signs in a product."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
            waiting += [node.left, node.right]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node
            waiting.append(node.operand)


def _without(source: SourceText, statement: ast.stmt, node: ast.expr, product: ast.BinOp) -> Replacement | None:
    """A statement without a factor; `1 / n * x` becomes `x`, but `1 / n` alone stays."""
    other = product.right if product.left is node else product.left
    if product.left is node and isinstance(product.op, ast.Div):
        return source.replaced(statement, node, "1")
    return source.replaced(statement, product, source.segment(other))


def _number(node: ast.expr, source: SourceText, numbers: Mapping[str, float]) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value)
    return numbers.get(source.segment(node))


def _text_of(node: ast.expr, factor: float, *, divides: bool) -> str:
    """A number in the text times a factor, if that is a short one."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, (int, float)) or isinstance(node.value, bool):
        return ""
    new = node.value / factor if divides else node.value * factor
    return f"{new:g}" if _is_short(new) else ""


def _is_short(number: float) -> bool:
    return bool(number) and abs(float(f"{number:.{MAX_DIGITS}g}") / number - 1) <= 1e-6


def _is_sum(node: ast.expr) -> bool:
    """Whether an expression needs brackets as a factor."""
    is_product = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult))
    return isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Lambda)) and not is_product
