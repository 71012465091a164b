"""Comparisons and logic. They have no gradient, and are recorded to make branches visible."""

from __future__ import annotations

import numpy as np

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


class NotEqual(Elementwise):
    """True where x != y, elementwise."""

    implements = np.not_equal
    formula = "{x} != {y}"
    domain = REAL, REAL


class LogicalAnd(Elementwise):
    """True where both x and y are nonzero, elementwise."""

    implements = np.logical_and
    formula = "logical_and({x}, {y})"
    domain = REAL, REAL


class LogicalOr(Elementwise):
    """True where x or y is nonzero, elementwise."""

    implements = np.logical_or
    formula = "logical_or({x}, {y})"
    domain = REAL, REAL


class LogicalNot(Elementwise):
    """True where x is 0, elementwise."""

    implements = np.logical_not
    formula = "logical_not({x})"
    domain = (REAL,)


class Isfinite(Elementwise):
    """True where x is neither NaN nor infinite, elementwise."""

    implements = np.isfinite
    formula = "isfinite({x})"
    domain = (REAL,)


class Isnan(Elementwise):
    """True where x is NaN, elementwise."""

    implements = np.isnan
    formula = "isnan({x})"
    domain = (REAL,)
