"""Bessel functions. The order of each has no gradient.

Sources of the derivatives: Abramowitz and Stegun, 9.1.27 and 9.1.28 for J and Y, 9.6.26 to 9.6.28 for I and K. SciPy's functions
of complex numbers are not accurate in a tiny imaginary part, so that the rules are checked with finite differences.
"""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import REAL, Domain
from tracer.ops.elementwise import Elementwise

POSITIVE = Domain(low=0.0, poles=(0.0,))
"""Positive numbers: the functions of the second kind are infinite at 0, and of others the derivatives at 0 need a limit."""

ORDER = Domain(low=0.0)


class Jv(Elementwise):
    """Elementwise Bessel function of the first kind of order v: (J(v - 1) - J(v + 1)) / 2 is its derivative."""

    implements = "scipy.special.jv"
    formula = "jv({v}, {x})"
    domain = ORDER, POSITIVE

    @staticmethod
    def gradient_x(g: Array, out: Array, v: Array, x: Array) -> Array:
        return g * 0.5 * (Jv.apply(v - 1, x) - Jv.apply(v + 1, x))


class Yv(Elementwise):
    """Elementwise Bessel function of the second kind of order v: (Y(v - 1) - Y(v + 1)) / 2 is its derivative."""

    implements = "scipy.special.yv", "scipy.special.yn"
    formula = "yv({v}, {x})"
    domain = ORDER, POSITIVE

    @staticmethod
    def gradient_x(g: Array, out: Array, v: Array, x: Array) -> Array:
        return g * 0.5 * (Yv.apply(v - 1, x) - Yv.apply(v + 1, x))


class Iv(Elementwise):
    """Elementwise modified Bessel function of the first kind of order v: (I(v - 1) + I(v + 1)) / 2 is its derivative."""

    implements = "scipy.special.iv"
    formula = "iv({v}, {x})"
    domain = ORDER, POSITIVE

    @staticmethod
    def gradient_x(g: Array, out: Array, v: Array, x: Array) -> Array:
        return g * 0.5 * (Iv.apply(v - 1, x) + Iv.apply(v + 1, x))


class Ive(Elementwise):
    """Elementwise iv(v, x) * exp(-abs(x)), which does not overflow."""

    implements = "scipy.special.ive"
    formula = "ive({v}, {x})"
    domain = ORDER, POSITIVE

    @staticmethod
    def gradient_x(g: Array, out: Array, v: Array, x: Array) -> Array:
        return g * (0.5 * (Ive.apply(v - 1, x) + Ive.apply(v + 1, x)) - np.sign(x) * out)


class Kv(Elementwise):
    """Elementwise modified Bessel function of the second kind of order v: -(K(v - 1) + K(v + 1)) / 2 is its derivative."""

    implements = "scipy.special.kv", "scipy.special.kn"
    formula = "kv({v}, {x})"
    domain = ORDER, POSITIVE

    @staticmethod
    def gradient_x(g: Array, out: Array, v: Array, x: Array) -> Array:
        return -g * 0.5 * (Kv.apply(v - 1, x) + Kv.apply(v + 1, x))


class J0(Elementwise):
    """Elementwise Bessel function of the first kind of order 0."""

    implements = "scipy.special.j0"
    formula = "j0({x})"
    domain = (REAL,)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g * J1.apply(x)


class J1(Elementwise):
    """Elementwise Bessel function of the first kind of order 1."""

    implements = "scipy.special.j1"
    formula = "j1({x})"
    domain = (REAL,)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * 0.5 * (J0.apply(x) - Jv.apply(2.0, x))


class Y0(Elementwise):
    """Elementwise Bessel function of the second kind of order 0."""

    implements = "scipy.special.y0"
    formula = "y0({x})"
    domain = (POSITIVE,)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g * Y1.apply(x)


class Y1(Elementwise):
    """Elementwise Bessel function of the second kind of order 1."""

    implements = "scipy.special.y1"
    formula = "y1({x})"
    domain = (POSITIVE,)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * 0.5 * (Y0.apply(x) - Yv.apply(2.0, x))


class SpecialI0(Elementwise):
    """Elementwise modified Bessel function of the first kind of order 0, computed by SciPy."""

    implements = "scipy.special.i0"
    formula = "i0({x})"
    domain = (REAL,)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * SpecialI1.apply(x)


class SpecialI1(Elementwise):
    """Elementwise modified Bessel function of the first kind of order 1, computed by SciPy."""

    implements = "scipy.special.i1"
    formula = "i1({x})"
    domain = (REAL,)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * 0.5 * (SpecialI0.apply(x) + Iv.apply(2.0, x))
