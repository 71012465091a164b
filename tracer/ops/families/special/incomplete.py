"""Incomplete gamma and beta functions: the distribution functions of the gamma, chi-squared, Poisson, beta and t distributions.

Their shape parameters have no gradient. The derivative with respect to x is the density.
"""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import Domain
from tracer.ops.elementwise import Elementwise
from tracer.ops.families.special.gamma_functions import POSITIVE, Betaln, Gammaln


class Gammainc(Elementwise):
    """Elementwise regularized lower incomplete gamma function, the integral of t**(a - 1) * exp(-t) / gamma(a) from 0 to x."""

    implements = "scipy.special.gammainc"
    formula = "gammainc({a}, {x})"
    domain = POSITIVE, POSITIVE

    @staticmethod
    def gradient_x(g: Array, out: Array, a: Array, x: Array) -> Array:
        return g * np.exp((a - 1) * np.log(x) - x - _as_number(Gammaln.apply(a)))


class Gammaincc(Elementwise):
    """Elementwise 1 - gammainc(a, x)."""

    implements = "scipy.special.gammaincc"
    formula = "gammaincc({a}, {x})"
    domain = POSITIVE, POSITIVE

    @staticmethod
    def gradient_x(g: Array, out: Array, a: Array, x: Array) -> Array:
        return -g * np.exp((a - 1) * np.log(x) - x - _as_number(Gammaln.apply(a)))


class Betainc(Elementwise):
    """Elementwise regularized incomplete beta function, the integral of t**(a - 1) * (1 - t)**(b - 1) / beta(a, b) to x."""

    implements = "scipy.special.betainc"
    formula = "betainc({a}, {b}, {x})"
    domain = POSITIVE, POSITIVE, Domain(low=0.0, high=1.0)

    @staticmethod
    def gradient_x(g: Array, out: Array, a: Array, b: Array, x: Array) -> Array:
        return g * np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - _as_number(Betaln.apply(a, b)))


def _as_number(constant: Array) -> Array:
    """A number of NumPy's as one of Python's, which takes the dtype of the array that it is combined with."""
    return float(constant) if isinstance(constant, np.floating) else constant
