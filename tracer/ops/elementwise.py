"""Elementwise operations: arithmetic, powers, exponentials, trigonometry, minimum and maximum, selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call, Elementwise
from tracer.ops.complex_numbers import complex_of, times_tangent
from tracer.ops.domain import KINK_AT_ZERO, NONZERO, POSITIVE, REAL, Domain
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
    defined as 0.
    """

    implements = np.power
    formula = "{x} ** {y}"
    domain = POSITIVE, REAL

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
        return g * (out * np.log(np.where(np.equal(x, 0), 1, x)))


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

    @staticmethod
    def complex_value(x: Array) -> Array:
        is_zero = np.real(x) == 0
        return np.where(is_zero, complex_of(0.0, times_tangent(np.inf, np.imag(x))), np.sqrt(np.where(is_zero, 1, x)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (2 * out)


class Absolute(Elementwise):
    """Elementwise absolute value; its derivative at 0 is defined as 0."""

    implements = np.absolute
    formula = "abs({x})"
    domain = (KINK_AT_ZERO,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x * np.sign(np.real(x))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * np.sign(x)


class Sign(Elementwise):
    """Elementwise sign: -1, 0 or 1. It has no gradient."""

    implements = np.sign
    formula = "sign({x})"
    domain = (KINK_AT_ZERO,)


class Floor(Elementwise):
    """Elementwise floor: the largest integer not above x. It has no gradient."""

    implements = np.floor
    formula = "floor({x})"
    domain = (REAL,)


class Exp(Elementwise):
    """Elementwise exponential."""

    implements = np.exp
    formula = "exp({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * out


class Expm1(Elementwise):
    """Elementwise exp(x) - 1, accurate for small x."""

    implements = np.expm1
    formula = "expm1({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * np.exp(x)


class Log(Elementwise):
    """Elementwise natural logarithm."""

    implements = np.log
    formula = "log({x})"
    domain = (POSITIVE,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / x


class Log1p(Elementwise):
    """Elementwise log(1 + x), accurate for small x."""

    implements = np.log1p
    formula = "log1p({x})"
    domain = (Domain(low=-1.0),)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (1 + x)


class Tanh(Elementwise):
    """Elementwise hyperbolic tangent."""

    implements = np.tanh
    formula = "tanh({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (1 - np.square(out))


class Sin(Elementwise):
    """Elementwise sine; x in radians."""

    implements = np.sin
    formula = "sin({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * np.cos(x)


class Cos(Elementwise):
    """Elementwise cosine; x in radians."""

    implements = np.cos
    formula = "cos({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g * np.sin(x)


class Maximum(Elementwise):
    """Elementwise maximum. In a tie, each input gets half of the gradient."""

    implements = np.maximum
    formula = "maximum({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        real_x, real_y = np.real(x), np.real(y)
        return np.where(real_x == real_y, (x + y) / 2, np.where(np.greater(real_x, real_y), x, y))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return np.asarray(np.sign(np.subtract(*inputs)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.greater(x, y), g, np.where(np.equal(x, y), 0.5 * g, 0))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.greater(y, x), g, np.where(np.equal(x, y), 0.5 * g, 0))


class Minimum(Elementwise):
    """Elementwise minimum. In a tie, each input gets half of the gradient."""

    implements = np.minimum
    formula = "minimum({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        real_x, real_y = np.real(x), np.real(y)
        return np.where(real_x == real_y, (x + y) / 2, np.where(np.less(real_x, real_y), x, y))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return np.asarray(np.sign(np.subtract(*inputs)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.less(x, y), g, np.where(np.equal(x, y), 0.5 * g, 0))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.less(y, x), g, np.where(np.equal(x, y), 0.5 * g, 0))


class Where(Elementwise):
    """Elementwise selection: x where the condition is true, y elsewhere. The condition has no gradient."""

    implements = np.where
    formula = "where({condition}, {x}, {y})"
    domain = REAL, REAL, REAL

    @staticmethod
    def call(condition: Array, x: Array, y: Array) -> Call:
        return (condition, x, y), {}

    @staticmethod
    def complex_value(condition: Array, x: Array, y: Array) -> Array:
        return np.where(np.real(condition), x, y)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        condition = np.asarray(inputs[0])
        return np.sign(condition) if condition.dtype.kind == "f" else None

    @staticmethod
    def gradient_x(g: Array, out: Array, condition: Array, x: Array, y: Array) -> Array:
        return np.where(condition, g, 0)

    @staticmethod
    def gradient_y(g: Array, out: Array, condition: Array, x: Array, y: Array) -> Array:
        return np.where(condition, 0, g)


class Clip(Elementwise):
    """Elements limited to the range from `low` to `high`; None for no limit.

    x gets the gradient strictly between the bounds, so its derivative at a bound is 0: `clip(x, 0, None)` is relu with
    relu'(0) = 0. Elsewhere the bound that replaces x gets the gradient (the upper one if low > high).
    """

    implements = np.clip
    formula = "clip({x}, {low}, {high})"
    domain = REAL, REAL, REAL

    @staticmethod
    def call(a: Array, a_min: Array = None, a_max: Array = None, *, min: Array = None, max: Array = None) -> Call:
        return (a, a_min if min is None else min, a_max if max is None else max), {}

    @staticmethod
    def value(x: Array, low: Array, high: Array) -> Array:
        if type(x) is np.ndarray and x.dtype.kind == "f" and low is not None and high is None:
            return np.maximum(x, low)  # equal to np.clip without an upper bound, and faster: relu
        return np.clip(x, low, high)

    @staticmethod
    def complex_value(x: Array, low: Array, high: Array) -> Array:
        above = x if low is None else np.where(np.real(x) > np.real(low), x, low)
        return above if high is None else np.where(np.real(above) < np.real(high), above, high)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        x, low, high = inputs
        pairs = ((x, low), (x, high), (low, high))
        signs = [np.sign(np.subtract(one, other)) for one, other in pairs if one is not None and other is not None]
        return np.stack(np.broadcast_arrays(*signs)) if signs else None

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, low: Array, high: Array) -> Array:
        if low is None and high is None:
            return g
        if low is None or high is None:
            return g * (x > low if high is None else x < high)
        return g * np.logical_and(np.greater(x, low), np.less(x, high))

    @staticmethod
    def gradient_low(g: Array, out: Array, x: Array, low: Array, high: Array) -> Array:
        taken = np.less_equal(x, low)
        return g * (taken if high is None else np.logical_and(taken, np.less(low, high)))

    @staticmethod
    def gradient_high(g: Array, out: Array, x: Array, low: Array, high: Array) -> Array:
        taken = np.greater_equal(x, high)
        return g * (taken if low is None else np.logical_or(taken, np.greater_equal(low, high)))
