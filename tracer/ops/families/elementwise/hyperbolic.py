"""Hyperbolic functions and their inverses."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import REAL, Domain
from tracer.ops.elementwise import Elementwise


class Sinh(Elementwise):
    """Elementwise hyperbolic sine."""

    implements = np.sinh
    formula = "sinh({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * np.cosh(x)


class Cosh(Elementwise):
    """Elementwise hyperbolic cosine."""

    implements = np.cosh
    formula = "cosh({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * np.sinh(x)


class Tanh(Elementwise):
    """Elementwise hyperbolic tangent."""

    implements = np.tanh
    formula = "tanh({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (1 - np.square(out))


class Arcsinh(Elementwise):
    """Elementwise inverse of sinh."""

    implements = np.arcsinh
    formula = "arcsinh({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / np.sqrt(1 + np.square(x))


class Arccosh(Elementwise):
    """Elementwise inverse of cosh; its derivative at 1 is infinite."""

    implements = np.arccosh
    formula = "arccosh({x})"
    domain = (Domain(low=1.0),)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / np.sqrt((x - 1) * (x + 1))  # x**2 - 1 would cancel near 1


class Arctanh(Elementwise):
    """Elementwise inverse of tanh."""

    implements = np.arctanh
    formula = "arctanh({x})"
    domain = (Domain(low=-1.0, high=1.0),)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / ((1 - x) * (1 + x))  # 1 - x**2 would cancel near 1
