"""Exponentials and logarithms."""

from __future__ import annotations

import math

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import POSITIVE, REAL, Domain
from tracer.ops.elementwise import Elementwise


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


class Exp2(Elementwise):
    """Elementwise 2**x."""

    implements = np.exp2
    formula = "exp2({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (out * math.log(2))


class Log2(Elementwise):
    """Elementwise logarithm to base 2."""

    implements = np.log2
    formula = "log2({x})"
    domain = (POSITIVE,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (x * math.log(2))


class Log10(Elementwise):
    """Elementwise logarithm to base 10."""

    implements = np.log10
    formula = "log10({x})"
    domain = (POSITIVE,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (x * math.log(10))


class Logaddexp(Elementwise):
    """Elementwise log(exp(x) + exp(y)), which does not overflow.

    d/dx = 1 / (1 + exp(y - x)), written so that it neither overflows nor loses digits where x and y are large. Where both
    inputs are -inf, its derivatives are NaN, as in autograd and JAX.
    """

    implements = np.logaddexp
    formula = "logaddexp({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        larger = np.maximum(np.real(x), np.real(y))
        return larger + np.log(np.exp(x - larger) + np.exp(y - larger))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * np.exp(-np.logaddexp(0.0, y - x))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * np.exp(-np.logaddexp(0.0, x - y))


class Logaddexp2(Elementwise):
    """Elementwise log2(2**x + 2**y), which does not overflow. Its derivatives are written as those of logaddexp.

    Where both inputs are -inf, they are NaN, as in JAX.
    """

    implements = np.logaddexp2
    formula = "logaddexp2({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        larger = np.maximum(np.real(x), np.real(y))
        return larger + np.log2(np.exp2(x - larger) + np.exp2(y - larger))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * np.exp2(-np.logaddexp2(0.0, y - x))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * np.exp2(-np.logaddexp2(0.0, x - y))
