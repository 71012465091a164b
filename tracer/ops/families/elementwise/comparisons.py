"""Comparisons and logic. They have no gradient, and are recorded to make branches visible."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.elementwise import Elementwise


class Greater(Elementwise):
    """True where x > y, elementwise."""

    implements = np.greater
    formula = "{x} > {y}"
    domain = REAL, REAL


class GreaterEqual(Elementwise):
    """True where x >= y, elementwise."""

    implements = np.greater_equal
    formula = "{x} >= {y}"
    domain = REAL, REAL


class Less(Elementwise):
    """True where x < y, elementwise."""

    implements = np.less
    formula = "{x} < {y}"
    domain = REAL, REAL


class LessEqual(Elementwise):
    """True where x <= y, elementwise."""

    implements = np.less_equal
    formula = "{x} <= {y}"
    domain = REAL, REAL


class Equal(Elementwise):
    """True where x == y, elementwise."""

    implements = np.equal
    formula = "{x} == {y}"
    domain = REAL, REAL
    accepts_complex = True


class NotEqual(Elementwise):
    """True where x != y, elementwise."""

    implements = np.not_equal
    formula = "{x} != {y}"
    domain = REAL, REAL
    accepts_complex = True


class LogicalAnd(Elementwise):
    """True where both x and y are nonzero, elementwise."""

    implements = np.logical_and
    formula = "logical_and({x}, {y})"
    domain = REAL, REAL
    accepts_complex = True


class LogicalOr(Elementwise):
    """True where x or y is nonzero, elementwise."""

    implements = np.logical_or
    formula = "logical_or({x}, {y})"
    domain = REAL, REAL
    accepts_complex = True


class LogicalXor(Elementwise):
    """True where one of x and y is nonzero and the other is 0, elementwise."""

    implements = np.logical_xor
    formula = "logical_xor({x}, {y})"
    domain = REAL, REAL
    accepts_complex = True


class LogicalNot(Elementwise):
    """True where x is 0, elementwise."""

    implements = np.logical_not
    formula = "logical_not({x})"
    domain = (REAL,)
    accepts_complex = True


class Isfinite(Elementwise):
    """True where x is neither NaN nor infinite, elementwise."""

    implements = np.isfinite
    formula = "isfinite({x})"
    domain = (REAL,)
    accepts_complex = True


class Isnan(Elementwise):
    """True where x is NaN, elementwise."""

    implements = np.isnan
    formula = "isnan({x})"
    domain = (REAL,)
    accepts_complex = True


class Isinf(Elementwise):
    """True where x is infinite, elementwise."""

    implements = np.isinf
    formula = "isinf({x})"
    domain = (REAL,)
    accepts_complex = True


class Isclose(Elementwise):
    """True where abs(x - y) <= atol + rtol * abs(y), elementwise."""

    implements = np.isclose
    formula = "isclose({x}, {y}{options})"
    domain = REAL, REAL
    accepts_complex = True

    @staticmethod
    def call(a: Array, b: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Call:
        return (a, b), {"rtol": rtol, "atol": atol, "equal_nan": bool(equal_nan)}

    @staticmethod
    def value(x: Array, y: Array, *, rtol: float, atol: float, equal_nan: bool) -> Array:
        return np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)
