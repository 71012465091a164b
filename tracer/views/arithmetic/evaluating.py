"""The number that an arithmetic with its numbers gives, and the rounding error it may have.

A view that claims that a result is made of certain numbers checks by it that they give this result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tracer.graph.expression import Expression, FunctionCall, Infix, Number, Sign
from tracer.ops import registry
from tracer.ops.elementwise import Elementwise
from tracer.views.arithmetic.signs import Enclosed
from tracer.views.notation import number_text

ERRORS = 8.0
"""Number of estimated rounding errors by which a result may differ: it may be computed in another order."""

_INFIX: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "<": np.less, "<=": np.less_equal,
    ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_OF_SEVERAL: dict[str, Callable[[Any], Any]] = {"max": np.max, "min": np.min}


@dataclass(frozen=True)
class Operand(Expression):
    """An element of a value in the record: the id of its node, its position in the order of rows, and its number."""

    id: int
    at: int
    value: float

    def format(self, compact: bool) -> str:
        return number_text(self.value)


@dataclass(frozen=True)
class Computed(Expression):
    """A number that is no element of a value; `size` is that of the numbers it is computed from."""

    value: float
    size: float

    def format(self, compact: bool) -> str:
        return number_text(self.value)


class Estimate(NamedTuple):
    """A number, and how far rounding may have moved it."""

    value: float
    error: float

    def is_near(self, result: float) -> bool:
        """Whether a result differs by rounding only."""
        if not np.isfinite(self.value) or not np.isfinite(result):
            return bool(self.value == result or (np.isnan(self.value) and np.isnan(result)))
        return bool(abs(self.value - result) <= ERRORS * self.error)


def evaluated(tree: Expression, unit: float) -> Estimate:
    """The number of an arithmetic, where each operation rounds by up to `unit` of its result.

    Raises LookupError if it has a part whose number is not known.

    >>> one, two = Operand(0, 0, 1.5), Operand(0, 1, -2.0)
    >>> evaluated(Infix(("*", "+"), (one, two, Number("3"))), 0.0).value
    0.0
    """
    with np.errstate(all="ignore"):
        return _evaluated(tree, unit)


def _evaluated(tree: Expression, unit: float) -> Estimate:
    match tree:
        case Operand(_, _, value):
            return Estimate(value, unit * abs(value))
        case Computed(value, size):
            return Estimate(value, unit * size)
        case Number(digits):
            return Estimate(_number(digits), unit * abs(_number(digits)))
        case Enclosed(inner):
            return _evaluated(inner, unit)
        case Sign(sign, operand):
            value, error = _evaluated(operand, unit)
            return Estimate(-value if sign == "-" else value, error)
        case Infix(operators, operands):
            found = _evaluated(operands[0], unit)
            for operator, operand in zip(operators, operands[1:], strict=True):
                if operator not in _INFIX:
                    raise LookupError(operator)
                found = _applied(_INFIX[operator], [found, _evaluated(operand, unit)], unit)
            return found
        case FunctionCall(function, arguments, ()):
            given = [_evaluated(each, unit) for each in arguments]
            if function in _OF_SEVERAL and given:
                value = float(_OF_SEVERAL[function]([each.value for each in given]))
                return Estimate(value, max(each.error for each in given))
            known = elementwise(function)
            if known is None:
                raise LookupError(function)
            return _applied(known, given, unit)
    raise LookupError(type(tree).__name__)


def elementwise(function: str) -> Callable[..., Any] | None:
    """The elementwise function that a formula names; None if there is none.

    >>> float(elementwise("abs")(-2.0)), elementwise("sum")
    (2.0, None)
    """
    op = registry.named("absolute" if function == "abs" else function)
    return op.value if op is not None and issubclass(op, Elementwise) else None


def _number(digits: str) -> float:
    try:
        return float(digits)
    except ValueError:
        raise LookupError(digits) from None


def _applied(function: Callable[..., Any], given: Sequence[Estimate], unit: float) -> Estimate:
    """The result of a function; its error is how far it moves if its arguments move by theirs."""
    values = [each.value for each in given]
    value = float(function(*map(np.float64, values)))
    error = unit * abs(value)
    for at, each in enumerate(given):
        if each.error:
            moved = [
                float(function(*map(np.float64, [*values[:at], each.value + step, *values[at + 1 :]])))
                for step in (-each.error, each.error)
            ]
            distances = [abs(other - value) for other in moved if np.isfinite(other)]
            error += max(distances, default=0.0)
    return Estimate(value, error)
