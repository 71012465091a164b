"""Formulas with numbers put in, with signs as they are written by hand; and walks over formulas."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import is_
from typing import Any

from tracer.graph.expression import PRODUCT, SUM, Expression, Infix, Number, Sign


@dataclass(frozen=True)
class Enclosed(Expression):
    """An expression in brackets that its precedence does not require."""

    inner: Expression

    def format(self, compact: bool) -> str:
        return f"({self.inner.format(compact)})"


def parts_of(tree: Expression) -> Iterator[Expression]:
    """An expression and all expressions in it.

    >>> from tracer.graph.formula import parse
    >>> [each.text for each in parts_of(parse("exp(-x)"))]
    ['exp(-x)', '-x', 'x']
    """
    yield tree
    for name in _fields(tree):
        for each in _expressions(getattr(tree, name)):
            yield from parts_of(each)


def mapped(tree: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The expression with `change` applied to every part of it, the innermost first."""
    changed = {}
    for name in _fields(tree):
        value = getattr(tree, name)
        other = _mapped(value, change)
        if other is not value:
            changed[name] = other
    return change(dataclasses.replace(tree, **changed) if changed else tree)  # type: ignore[type-var] # every kind is one


def with_signs(tree: Expression) -> Expression:
    """The expression with `- 0.7` for `+ -0.7`, and with negative factors in brackets. Its value is the same, bit for bit.

    >>> from tracer.graph.formula import parse
    >>> print(with_signs(parse("-2 * -3 + -4 - -5 + -1 / 10 + a * -b + -a * b")).format(compact=True))
    (-2)*(-3) - 4 - (-5) - 1/10 + a*(-b) - a*b
    """
    return mapped(tree, _signed)


def _signed(tree: Expression) -> Expression:
    if not isinstance(tree, Infix):
        return tree
    if tree.precedence == PRODUCT:
        return Infix(tree.operators, (tree.operands[0], *map(_enclosed, tree.operands[1:])))
    if tree.precedence == SUM:
        terms = [_term(*each) for each in zip(tree.operators, tree.operands[1:], strict=True)]
        first = tree.operands[0]
        return Infix(
            tuple(operator for operator, _ in terms),
            (_with_factor(first) if _has_factor(first) else first, *(term for _, term in terms)),
        )
    return tree


def _term(operator: str, term: Expression) -> tuple[str, Expression]:
    """A term of a sum after its first, with its operator."""
    if isinstance(term, Sign) and term.sign == "-":
        return _term("-", term.operand) if operator == "+" else (operator, Enclosed(term))
    if _has_factor(term) or not isinstance(term, Infix) or term.precedence != PRODUCT:
        return operator, _with_factor(term)
    first = term.operands[0]
    if operator == "+" and isinstance(first, Sign) and first.sign == "-":
        return "-", Infix(term.operators, (_enclosed(first.operand), *term.operands[1:]))
    return operator, _with_factor(term)


def _has_factor(term: Expression) -> bool:
    """Whether a term begins with a factor that is a negative number."""
    first = term.operands[0] if isinstance(term, Infix) and term.operators[0] == "*" else None
    return isinstance(first, Sign) and isinstance(first.operand, Number)


def _with_factor(term: Expression) -> Expression:
    """A product with its first factor in brackets if it is negative."""
    if not isinstance(term, Infix) or term.precedence != PRODUCT:
        return term
    return Infix(term.operators, (_enclosed(term.operands[0]), *term.operands[1:]))


def _enclosed(factor: Expression) -> Expression:
    return Enclosed(factor) if isinstance(factor, Sign) else factor


_PLAIN = frozenset({"str", "int", "bool", "tuple[int, ...]", "tuple[str, ...]"})
"""Types of fields that hold no expressions."""


def _fields(tree: Expression) -> tuple[str, ...]:
    kind: Any = type(tree)
    return _fields_of(kind)


@functools.cache
def _fields_of(kind: Any) -> tuple[str, ...]:
    """The names of the fields of a kind of expression that may hold others."""
    return tuple(field.name for field in dataclasses.fields(kind) if field.type not in _PLAIN)


def _expressions(value: object) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _expressions(each)


def _mapped(value: Any, change: Callable[[Expression], Expression]) -> Any:
    if isinstance(value, Expression):
        return mapped(value, change)
    if isinstance(value, tuple):
        others = tuple([_mapped(each, change) for each in value])
        return value if all(map(is_, value, others)) else others
    return value
