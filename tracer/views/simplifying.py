"""Formulas without what says nothing: factors of 1, stretching, transposing twice; and with signs as they are written by hand."""

from __future__ import annotations

from tracer.graph.expression import Expression, FunctionCall, Infix, Number, Sign, Transpose
from tracer.views.arithmetic.signs import with_signs

STRETCHING = "broadcast_to"
"""The function that repeats numbers along an axis. Left out where the numbers are used one by one, not where they are added."""

UNCHANGED_CALLS = {"stop_gradient"}
"""Functions that change no number."""


def simplified(tree: Expression) -> Expression:
    """A formula without what changes no number: `broadcast_to(g, (10,))`, `g * 1`, `k.T.T`. Signs are `a - 2` and `a * (-2)`.

    >>> from tracer.graph.formula import parse
    >>> simplified(parse("broadcast_to(g / 10, (10, 2)) * 1 * (x > 0)")).text
    'g / 10 * (x > 0)'
    >>> simplified(parse("sum(broadcast_to(g, (10, 2)) * 1, axis=0)")).text
    'sum(broadcast_to(g, (10, 2)), axis=0)'
    >>> simplified(parse("g @ k.T.T")).text, simplified(parse("a + -0.7")).text, simplified(parse("g * -y")).text
    ('g @ k', 'a - 0.7', 'g * (-y)')
    """
    return with_signs(_simplified(tree, is_stretched=True))


def _simplified(tree: Expression, *, is_stretched: bool) -> Expression:
    """The simplified formula; `is_stretched` is true if its numbers are used one by one, so that stretching says nothing."""
    if isinstance(tree, FunctionCall):
        if tree.arguments and (tree.function in UNCHANGED_CALLS or (is_stretched and tree.function == STRETCHING)):
            return _simplified(tree.arguments[0], is_stretched=is_stretched)
        inner = tuple(_simplified(each, is_stretched=False) for each in tree.arguments)
        return FunctionCall(tree.function, inner, tree.options)
    if isinstance(tree, Transpose):
        array = _simplified(tree.array, is_stretched=False)
        return array.array if isinstance(array, Transpose) else Transpose(array)
    if isinstance(tree, Sign):
        return Sign(tree.sign, _simplified(tree.operand, is_stretched=is_stretched))
    if isinstance(tree, Infix):
        return _infix(tree, is_stretched=is_stretched and "@" not in tree.operators)
    return tree


def _infix(tree: Infix, *, is_stretched: bool) -> Expression:
    first, *others = (_simplified(each, is_stretched=is_stretched) for each in tree.operands)
    kept = [(operator, each) for operator, each in zip(tree.operators, others) if not _is_one(operator, each)]
    if not kept:
        return first
    operators, operands = tuple(operator for operator, _ in kept), tuple(operand for _, operand in kept)
    if isinstance(first, Infix) and first.precedence == tree.precedence and tree.operators[0] != "**":
        return Infix((*first.operators, *operators), (*first.operands, *operands))
    return Infix(operators, (first, *operands))


def _is_one(operator: str, operand: Expression) -> bool:
    return operator in ("*", "/") and isinstance(operand, Number) and operand.digits in ("1", "1.0")
