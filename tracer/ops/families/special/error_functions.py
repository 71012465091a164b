"""The error function and the normal distribution, with their inverses."""

from __future__ import annotations

import math

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import REAL, Domain
from tracer.ops.elementwise import Elementwise

_DENSITY = 1 / math.sqrt(2 * math.pi)
"""The density of the standard normal distribution at 0."""


class Erf(Elementwise):
    """Elementwise error function."""

    implements = "scipy.special.erf"
    formula = "erf({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (2 / math.sqrt(math.pi) * np.exp(-np.square(x)))


class Erfc(Elementwise):
    """Elementwise 1 - erf(x)."""

    implements = "scipy.special.erfc"
    formula = "erfc({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g * (2 / math.sqrt(math.pi) * np.exp(-np.square(x)))


class Erfcx(Elementwise):
    """Elementwise exp(x**2) * erfc(x)."""

    implements = "scipy.special.erfcx"
    formula = "erfcx({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (2 * x * out - 2 / math.sqrt(math.pi))


class Erfinv(Elementwise):
    """Elementwise inverse of erf."""

    implements = "scipy.special.erfinv"
    formula = "erfinv({x})"
    domain = (Domain(low=-1.0, high=1.0),)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (math.sqrt(math.pi) / 2 * np.exp(np.square(out)))


class Erfcinv(Elementwise):
    """Elementwise inverse of erfc."""

    implements = "scipy.special.erfcinv"
    formula = "erfcinv({x})"
    domain = (Domain(low=0.0, high=2.0),)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g * (math.sqrt(math.pi) / 2 * np.exp(np.square(out)))


class Ndtr(Elementwise):
    """Elementwise distribution function of the standard normal distribution."""

    implements = "scipy.special.ndtr"
    formula = "ndtr({x})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (_DENSITY * np.exp(-0.5 * np.square(x)))


class LogNdtr(Elementwise):
    """Elementwise logarithm of ndtr."""

    implements = "scipy.special.log_ndtr"
    formula = "log_ndtr({x})"
    domain = (REAL,)
    analytic = True
    accepts_complex = False  # its derivatives are those of real numbers

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        # exp(-x**2 / 2 - out) would cancel where x is far below 0. Each branch is computed at numbers that suit it.
        is_negative = np.less(x, 0)
        below = math.sqrt(2 / math.pi) / Erfcx.apply(np.where(is_negative, x, 0) * -math.sqrt(0.5))
        exponent = -0.5 * np.square(np.where(is_negative, 0, x)) - np.where(is_negative, 0, out)
        return g * np.where(is_negative, below, _DENSITY * np.exp(exponent))


class Ndtri(Elementwise):
    """Elementwise inverse of ndtr: quantiles of the standard normal distribution."""

    implements = "scipy.special.ndtri"
    formula = "ndtri({x})"
    domain = (Domain(low=0.0, high=1.0),)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (math.sqrt(2 * math.pi) * np.exp(0.5 * np.square(out)))
