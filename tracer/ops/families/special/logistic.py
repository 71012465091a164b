"""The logistic function, its inverse and its logarithm."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import REAL, Domain
from tracer.ops.elementwise import Elementwise


class Expit(Elementwise):
    """Elementwise 1 / (1 + exp(-x)), the sigmoid."""

    implements = "scipy.special.expit"
    formula = "expit({x})"
    domain = (REAL,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        is_positive = np.real(x) > 0
        small = np.exp(np.where(is_positive, -x, x))
        return np.where(is_positive, 1, small) / (1 + small)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (out * Expit.apply(-x))  # 1 - out would cancel where x is large


class Logit(Elementwise):
    """Elementwise log(x / (1 - x)), the inverse of expit."""

    implements = "scipy.special.logit"
    formula = "logit({x})"
    domain = (Domain(low=0.0, high=1.0),)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return np.log(x) - np.log1p(-x)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (x * (1 - x))


class LogExpit(Elementwise):
    """Elementwise logarithm of expit."""

    implements = "scipy.special.log_expit"
    formula = "log_expit({x})"
    domain = (REAL,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        is_positive = np.real(x) > 0
        return np.where(is_positive, 0, x) - np.log1p(np.exp(np.where(is_positive, -x, x)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * Expit.apply(-x)


class SpecialLog1p(Elementwise):
    """Elementwise log(1 + x), computed by SciPy."""

    implements = "scipy.special.log1p"
    formula = "log1p({x})"
    domain = (Domain(low=-1.0),)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g / (1 + x)


class SpecialExpm1(Elementwise):
    """Elementwise exp(x) - 1, computed by SciPy."""

    implements = "scipy.special.expm1"
    formula = "expm1({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * np.exp(x)
