"""Comparisons and logic: recorded, so that a branch can be seen, and without a gradient."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import REAL, Elementwise


class Greater(Elementwise):
    """Whether x > y, elementwise."""

    implements = np.greater
    formula = "{x} > {y}"
    domain = REAL, REAL


class GreaterEqual(Elementwise):
    """Whether x >= y, elementwise."""

    implements = np.greater_equal
    formula = "{x} >= {y}"
    domain = REAL, REAL


class Less(Elementwise):
    """Whether x < y, elementwise."""

    implements = np.less
    formula = "{x} < {y}"
    domain = REAL, REAL


class LessEqual(Elementwise):
    """Whether x <= y, elementwise."""

    implements = np.less_equal
    formula = "{x} <= {y}"
    domain = REAL, REAL


class Equal(Elementwise):
    """Whether x == y, elementwise."""

    implements = np.equal
    formula = "{x} == {y}"
    domain = REAL, REAL


class NotEqual(Elementwise):
    """Whether x != y, elementwise."""

    implements = np.not_equal
    formula = "{x} != {y}"
    domain = REAL, REAL


class LogicalAnd(Elementwise):
    """Whether both hold, elementwise; a number holds where it is not 0."""

    implements = np.logical_and
    formula = "logical_and({x}, {y})"
    domain = REAL, REAL


class LogicalOr(Elementwise):
    """Whether one of two holds, elementwise; a number holds where it is not 0."""

    implements = np.logical_or
    formula = "logical_or({x}, {y})"
    domain = REAL, REAL


class LogicalNot(Elementwise):
    """Whether it does not hold, elementwise; a number holds where it is not 0."""

    implements = np.logical_not
    formula = "logical_not({x})"
    domain = (REAL,)


class Isfinite(Elementwise):
    """Whether a number is neither NaN nor infinite, elementwise."""

    implements = np.isfinite
    formula = "isfinite({x})"
    domain = (REAL,)


class Isnan(Elementwise):
    """Whether a number is NaN, elementwise."""

    implements = np.isnan
    formula = "isnan({x})"
    domain = (REAL,)
