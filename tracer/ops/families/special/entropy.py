"""Products with logarithms, that are 0 where a factor is 0: xlogy, xlog1py, entr, rel_entr."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import POSITIVE, REAL, Domain
from tracer.ops.elementwise import Elementwise


class Xlogy(Elementwise):
    """Elementwise x * log(y), and 0 where x = 0. Where x = y = 0 its derivatives are defined as 0; PyTorch's is so for x."""

    implements = "scipy.special.xlogy"
    formula = "xlogy({x}, {y})"
    domain = REAL, POSITIVE
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * np.log(_one_at_zeros(x, y))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (x / _one_at_zeros(x, y))


class Xlog1py(Elementwise):
    """Elementwise x * log(1 + y), and 0 where x = 0. Where also y = -1, its derivatives are defined as 0."""

    implements = "scipy.special.xlog1py"
    formula = "xlog1py({x}, {y})"
    domain = REAL, Domain(low=-1.0)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * np.where(np.logical_and(np.equal(x, 0), np.equal(y, -1)), 0, np.log1p(y))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (x / _one_at_zeros(x, 1 + y))


class Entr(Elementwise):
    """Elementwise entropy -x * log(x); its derivative at 0 is infinite."""

    implements = "scipy.special.entr"
    formula = "entr({x})"
    domain = (POSITIVE,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return -x * np.log(x)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g * (1 + np.log(x))


class RelEntr(Elementwise):
    """Elementwise relative entropy x * log(x / y)."""

    implements = "scipy.special.rel_entr"
    formula = "rel_entr({x}, {y})"
    domain = POSITIVE, POSITIVE

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        return x * np.log(x / y)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (1 + np.log(x / y))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return -g * (x / y)


def _one_at_zeros(x: Array, y: Array) -> Array:
    """y, and 1 where both are 0."""
    return np.where(np.logical_and(np.equal(x, 0), np.equal(y, 0)), 1, y)
