"""Trigonometric functions and their inverses, sinc, and angles in degrees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call, Op
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import NONZERO, REAL, Domain
from tracer.ops.elementwise import Elementwise
from tracer.ops.indices import Index


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


class Tan(Elementwise):
    """Elementwise tangent; x in radians."""

    implements = np.tan
    formula = "tan({x})"
    domain = (Domain(poles=(-math.pi / 2, math.pi / 2)),)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (1 + np.square(out))


class Arcsin(Elementwise):
    """Elementwise inverse sine, in radians; its derivative at -1 and 1 is infinite."""

    implements = np.arcsin
    formula = "arcsin({x})"
    domain = (Domain(low=-1.0, high=1.0),)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / np.sqrt((1 - x) * (1 + x))  # 1 - x**2 would cancel near 1


class Arccos(Elementwise):
    """Elementwise inverse cosine, in radians; its derivative at -1 and 1 is infinite."""

    implements = np.arccos
    formula = "arccos({x})"
    domain = (Domain(low=-1.0, high=1.0),)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g / np.sqrt((1 - x) * (1 + x))  # 1 - x**2 would cancel near 1


class Arctan(Elementwise):
    """Elementwise inverse tangent, in radians."""

    implements = np.arctan
    formula = "arctan({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (1 + np.square(x))


class Arctan2(Elementwise):
    """Elementwise angle of the point (x, y), in radians from -pi to pi.

    Its derivatives at the origin are defined as 0, as in PyTorch.
    """

    implements = np.arctan2
    formula = "arctan2({y}, {x})"
    domain = NONZERO, REAL

    @staticmethod
    def complex_value(y: Array, x: Array) -> Array:
        real_y, real_x = np.real(y), np.real(x)
        is_flat, is_origin = np.abs(real_y) <= np.abs(real_x), (real_y == 0) & (real_x == 0)
        ratio = np.where(is_flat, y, -x) / np.where(is_origin, 1, np.where(is_flat, x, y))
        return complex_of(np.arctan2(real_y, real_x), np.where(is_origin, 0, np.imag(np.arctan(ratio))))

    @staticmethod
    def gradient_y(g: Array, out: Array, y: Array, x: Array) -> Array:
        length = np.square(x) + np.square(y)
        return g * (x / np.where(np.equal(length, 0), 1, length))

    @staticmethod
    def gradient_x(g: Array, out: Array, y: Array, x: Array) -> Array:
        length = np.square(x) + np.square(y)
        return -g * (y / np.where(np.equal(length, 0), 1, length))


class Sinc(Elementwise):
    """Elementwise sin(pi x) / (pi x), and 1 at 0."""

    implements = np.sinc
    formula = "sinc({x})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array) -> Call:
        return (x,), {}

    @staticmethod
    def complex_value(x: Array) -> Array:
        return complex_of(np.sinc(np.real(x)), sinc_derivative(np.real(x), 1) * np.imag(x))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * SincDerivative.apply(x, order=1)


class SincDerivative(Elementwise):
    """The derivative of sinc of an order from 1 on, elementwise."""

    formula = "sinc_derivative({x}, order={order})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, order: int = 1) -> Call:
        return (x,), {"order": order}

    @staticmethod
    def value(x: Array, *, order: int) -> Array:
        return sinc_derivative(x, order)

    @staticmethod
    def complex_value(x: Array, *, order: int) -> Array:
        return complex_of(sinc_derivative(np.real(x), order), sinc_derivative(np.real(x), order + 1) * np.imag(x))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, order: int) -> Array:
        return g * SincDerivative.apply(x, order=order + 1)


def sinc_derivative(x: Array, order: int) -> Array:
    """The derivative of sinc at x of an order from 0 on.

    Near 0 by the power series. Elsewhere by u f[n](u) + n f[n-1](u) = sin(u + n pi/2), Leibniz's rule for u f(u) = sin(u), which
    loses no digits where |u| > n.

    >>> sinc_derivative(np.array([0.0, 1.0]), 1).round(12).tolist(), sinc_derivative(0.0, 2).round(12).item()
    ([0.0, -1.0], -3.289868133696)
    """
    x = np.asarray(x)
    u = np.pi * x
    is_near = np.abs(u) < order + 1
    near, far = np.where(is_near, u, 0), np.where(is_near, 1, u)
    total = np.zeros_like(near)
    for power in range(order % 2, 21 + 7 * order, 2):  # up to terms below rounding where |u| < order + 1
        k = (power + order) // 2
        total = total + (-1.0) ** k / (math.factorial(power) * (power + order + 1)) * near**power
    angle = np.pi * (x - 2 * np.rint(x / 2))  # exact before the factor, also where x is large
    turned = np.sin(angle), np.cos(angle), -np.sin(angle), -np.cos(angle)
    value = turned[0] / far
    for n in range(1, order + 1):
        value = (turned[n % 4] - n * value) / far
    return np.pi**order * np.where(is_near, total, value)


class Deg2rad(Elementwise):
    """Degrees in radians, elementwise."""

    implements = np.deg2rad, np.radians
    formula = "deg2rad({x})"
    domain = (REAL,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x * (math.pi / 180)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (math.pi / 180)


class Rad2deg(Elementwise):
    """Radians in degrees, elementwise."""

    implements = np.rad2deg, np.degrees
    formula = "rad2deg({x})"
    domain = (REAL,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x * (180 / math.pi)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (180 / math.pi)


class Unwrap(Op):
    """Angles along an axis, each moved by a multiple of the period to less than half a period from the one before.

    The multiples are constant between jumps: every angle has the derivative 1, also at a jump, as in JAX.
    """

    implements = np.unwrap
    formula = "unwrap({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(p: Array, discont: float | None = None, axis: int = -1, *, period: float = 2 * np.pi) -> Call:
        return (p,), {"discont": discont, "axis": axis, "period": None if period == 2 * np.pi else period}

    @staticmethod
    def value(x: Array, *, discont: float | None, axis: int, period: float | None) -> Array:
        return np.unwrap(x, discont=discont, axis=axis, period=2 * np.pi if period is None else period)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return x + (Unwrap.value(np.real(x), **parameters) - np.real(x))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return (index,)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, discont: float | None, axis: int, period: float | None) -> Array:
        return g
