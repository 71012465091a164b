"""The modified Bessel functions I0, which NumPy has, and I1, its derivative."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import REAL
from tracer.ops.elementwise import Elementwise

_COSINES = np.cos((np.arange(64) + 0.5) * (np.pi / 128))
"""cos(t) in the middle of 64 parts of the range of t from 0 to pi / 2.

I0(x) is the mean of cosh(x * cos(t)) over t, and I1(x) that of sinh(x * cos(t)) * cos(t) (Abramowitz and Stegun, 9.6.16 and
9.6.19). The mean of so many values is exact to rounding up to x = 700, above which both functions overflow.
"""


class I0(Elementwise):
    """Elementwise modified Bessel function of order 0; its derivative is I1."""

    implements = np.i0
    formula = "i0({x})"
    domain = (REAL,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return np.mean(np.cosh(np.expand_dims(x, -1) * _COSINES), axis=-1)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * I1.apply(x)


class I1(Elementwise):
    """Elementwise modified Bessel function of order 1; its derivative is I0(x) - I1(x) / x, and 1/2 at 0."""

    formula = "i1({x})"
    domain = (REAL,)
    analytic = True
    accepts_complex = False  # its derivatives are those of real numbers

    @staticmethod
    def value(x: Array) -> Array:
        cosines = _COSINES.astype(np.real(x).dtype)
        return np.mean(np.sinh(np.expand_dims(x, -1) * cosines) * cosines, axis=-1)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        is_zero = np.equal(x, 0)
        return g * np.where(is_zero, 0.5, np.i0(x) - out / np.where(is_zero, 1, x))
