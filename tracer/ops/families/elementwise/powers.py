"""Powers and roots that are no operators of Python: reciprocal, cbrt, float_power, hypot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import NONZERO, POSITIVE, REAL
from tracer.ops.elementwise import Elementwise
from tracer.ops.families.elementwise.arithmetic import Power


class Reciprocal(Elementwise):
    """Elementwise 1 / x."""

    implements = np.reciprocal
    formula = "reciprocal({x})"
    domain = (NONZERO,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g * np.square(out)


class Cbrt(Elementwise):
    """Elementwise cube root, also of negative numbers; its derivative at 0 is infinite."""

    implements = np.cbrt
    formula = "cbrt({x})"
    domain = (NONZERO,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        sign = np.where(np.real(x) < 0, -1, 1)
        return sign * (sign * x) ** (1 / 3)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (3 * np.square(out))


class FloatPower(Elementwise):
    """Elementwise power in double precision, also of single precision and of integers. Its derivatives are those of power."""

    implements = np.float_power
    formula = "float_power({x}, {y})"
    domain = POSITIVE, REAL
    gradient_x = staticmethod(Power.gradient_x)
    gradient_y = staticmethod(Power.gradient_y)

    @staticmethod
    def value(x: Array, y: Array) -> Array:
        return np.float_power(x, y)

    complex_value = staticmethod(Power.complex_value)


class Hypot(Elementwise):
    """Elementwise sqrt(x**2 + y**2), which does not overflow. Its derivatives at the origin are defined as 0."""

    implements = np.hypot
    formula = "hypot({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        length = np.hypot(np.real(x), np.real(y))
        slopes = np.real(x) * np.imag(x) + np.real(y) * np.imag(y)
        return complex_of(length, slopes / np.where(length == 0, 1, length))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        x, y = inputs
        return np.asarray(np.sign(x + np.sqrt(2) * y))  # 0 at the origin; a path through its neighbourhood changes sides

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (x / np.where(np.equal(out, 0), 1, out))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (y / np.where(np.equal(out, 0), 1, out))
