"""Arithmetic, powers and square roots, absolute value and sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.complex_numbers import complex_of, times_tangent
from tracer.ops.domain import KINK_AT_ZERO, NONZERO, POSITIVE, REAL
from tracer.ops.elementwise import Elementwise
from tracer.ops.indices import Index
from tracer.ops.rounding import rounding_of_sum


class Adding(Elementwise):
    """The family of operations that add or subtract two elements."""

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        x, y = (array[part] for array, part in zip(inputs, cls.parts(index, inputs, parameters) or (), strict=True))
        return rounding_of_sum(np.stack((x, y)), unit)


class Add(Adding):
    """Elementwise sum."""

    implements = np.add
    formula = "{x} + {y}"
    domain = REAL, REAL
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g


class Subtract(Adding):
    """Elementwise difference."""

    implements = np.subtract
    formula = "{x} - {y}"
    domain = REAL, REAL
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return -g


class Multiply(Elementwise):
    """Elementwise product."""

    implements = np.multiply
    formula = "{x} * {y}"
    domain = REAL, REAL
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * y

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * x


class Divide(Elementwise):
    """Elementwise quotient: d(x/y)/dx = 1/y, d(x/y)/dy = -(x/y)/y."""

    implements = np.divide
    formula = "{x} / {y}"
    domain = REAL, NONZERO
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g / y

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return -g * out / y


class Negative(Elementwise):
    """Elementwise negation."""

    implements = np.negative
    formula = "-{x}"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g


class Positive(Elementwise):
    """Elementwise identity: `+x`."""

    implements = np.positive
    formula = "+{x}"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g


class Power(Elementwise):
    """Elementwise power: d(x**y)/dx = y * x**(y-1), d(x**y)/dy = x**y * log(x).

    Where y = 0, the derivative with respect to x is 0, even at x = 0. Where x = 0, the derivative with respect to y is
    defined as 0. Complex powers and logarithms are NumPy's principal values.
    """

    implements = np.power
    formula = "{x} ** {y}"
    domain = POSITIVE, REAL
    accepts_complex = True

    @staticmethod
    def value(x: Array, y: Array) -> Array:
        return x**y  # not np.power: the operator computes x**2 as a square, and may round differently

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        base, exponent = np.real(x), np.real(y)
        is_zero = base == 0
        power = np.where(is_zero, 1, x) ** np.where(base < 0, exponent, y)
        power = np.where((base < 0) & (np.imag(y) != 0), np.nan, power)  # a negative base requires integer exponents
        zeros = np.zeros(np.shape(base))
        slope = np.where(exponent == 0, 0, exponent * zeros ** np.where(exponent == 0, 1, exponent - 1))
        return np.where(is_zero, complex_of(zeros**exponent, times_tangent(slope, np.imag(x))), power)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        if isinstance(y, (int, float)):
            # For a literal exponent, record no more operations than the textbook derivative has.
            return g * 0.0 if y == 0 else g if y == 1 else g * (y * x) if y == 2 else g * (y * x ** (y - 1))
        return g * np.where(y == 0, 0, y * x ** np.where(y == 0, 1, y - 1))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        base = np.where(np.equal(x, 0), 1, x)
        if out.dtype.kind == "c" and base.dtype.kind != "c":
            base = np.astype(base, out.dtype)  # the logarithm of a negative base is complex
        return g * (out * np.log(base))


class Square(Elementwise):
    """Elementwise square."""

    implements = np.square
    formula = "square({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (2 * x)


class Sqrt(Elementwise):
    """Elementwise square root; its derivative at 0 is infinite."""

    implements = np.sqrt
    formula = "sqrt({x})"
    domain = (POSITIVE,)
    accepts_complex = True

    @staticmethod
    def complex_value(x: Array) -> Array:
        is_zero = np.real(x) == 0
        return np.where(is_zero, complex_of(0.0, times_tangent(np.inf, np.imag(x))), np.sqrt(np.where(is_zero, 1, x)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (2 * out)


class Absolute(Elementwise):
    """Elementwise absolute value; its derivative at 0 is defined as 0. That of a complex z is conj(z) / abs(z)."""

    implements = np.absolute
    formula = "abs({x})"
    domain = (KINK_AT_ZERO,)
    accepts_complex = True

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x * np.sign(np.real(x))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        if x.dtype.kind == "c":
            return g * (np.conjugate(x) / np.where(np.equal(out, 0), 1, out))
        return g * np.sign(x)


class Sign(Elementwise):
    """Elementwise sign: -1, 0 or 1. It has no gradient."""

    implements = np.sign
    formula = "sign({x})"
    domain = (KINK_AT_ZERO,)
