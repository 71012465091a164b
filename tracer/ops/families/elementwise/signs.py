"""Operations that depend on signs: fabs, copysign, heaviside, signbit."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import KINK_AT_ZERO, NONZERO, REAL
from tracer.ops.elementwise import Elementwise


class Fabs(Elementwise):
    """Elementwise absolute value as a floating number; its derivative at 0 is defined as 0."""

    implements = np.fabs
    formula = "fabs({x})"
    domain = (KINK_AT_ZERO,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x * np.sign(np.real(x))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * np.sign(x)


class Copysign(Elementwise):
    """The absolute value of x with the sign of y, elementwise.

    The derivative with respect to x at 0 is defined as 0, as in PyTorch; y has no gradient.
    """

    implements = np.copysign
    formula = "copysign({x}, {y})"
    domain = KINK_AT_ZERO, NONZERO

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        real = np.copysign(np.real(x), np.real(y))
        return complex_of(real, np.imag(x) * np.sign(np.real(x)) * np.copysign(1, np.real(y)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (np.sign(x) * np.copysign(1.0, y))


class Heaviside(Elementwise):
    """0 where x < 0, 1 where x > 0, and y where x is 0, elementwise. y has a gradient there, as in JAX; x has none."""

    implements = np.heaviside
    formula = "heaviside({x}, {y})"
    domain = KINK_AT_ZERO, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        return np.where(np.real(x) == 0, y, np.heaviside(np.real(x), np.real(y)))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.equal(x, 0), g, 0)


class Signbit(Elementwise):
    """True where x is negative, also for -0.0, elementwise."""

    implements = np.signbit
    formula = "signbit({x})"
    domain = (KINK_AT_ZERO,)
