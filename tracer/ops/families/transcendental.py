"""Exponentials, logarithms and trigonometry."""

from __future__ import annotations

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
