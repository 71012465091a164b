"""The gamma function, its logarithm and the derivatives of that, and the beta function."""

from __future__ import annotations

from tracer.ops.base import Array
from tracer.ops.domain import Domain
from tracer.ops.elementwise import Elementwise
from tracer.ops.registration import LibraryFunction

POSITIVE = Domain(low=0.0, poles=(0.0,))
"""Positive numbers. Below 0 the functions have more poles: their derivatives there are right too, but not at poles."""

_log_gamma = LibraryFunction("scipy.special.loggamma")
"""gammaln of complex numbers."""


class Gamma(Elementwise):
    """Elementwise gamma function, (x - 1)! of integers."""

    implements = "scipy.special.gamma"
    formula = "gamma({x})"
    domain = (POSITIVE,)
    analytic = True
    accepts_complex = False  # its derivatives are those of real numbers

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * (out * Digamma.apply(x))


class Gammaln(Elementwise):
    """Elementwise logarithm of the absolute value of the gamma function."""

    implements = "scipy.special.gammaln"
    formula = "gammaln({x})"
    domain = (POSITIVE,)
    complex_value = staticmethod(_log_gamma)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * Digamma.apply(x)


class Digamma(Elementwise):
    """Elementwise derivative of gammaln; its own is the trigamma function, zeta(2, x)."""

    implements = "scipy.special.digamma"
    formula = "digamma({x})"
    domain = (POSITIVE,)
    analytic = True
    accepts_complex = False  # its derivatives are those of real numbers

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * Zeta.apply(2.0, x)


class Zeta(Elementwise):
    """Elementwise Hurwitz zeta function, the sum of (k + q)**-x over k = 0, 1, 2, ...; x has no gradient.

    The polygamma function of order n is (-1)**(n + 1) * n! * zeta(n + 1, x).
    """

    implements = "scipy.special.zeta", "scipy.special._ufuncs._zeta"  # the function, and the ufunc that it calls
    formula = "zeta({x}, {q})"
    domain = Domain(low=1.0), POSITIVE

    @staticmethod
    def gradient_q(g: Array, out: Array, x: Array, q: Array) -> Array:
        return -g * (x * Zeta.apply(x + 1, q))


class Rgamma(Elementwise):
    """Elementwise 1 / gamma(x)."""

    implements = "scipy.special.rgamma"
    formula = "rgamma({x})"
    domain = (POSITIVE,)
    analytic = True
    accepts_complex = False  # its derivatives are those of real numbers

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return -g * (out * Digamma.apply(x))


class Gammasgn(Elementwise):
    """Elementwise sign of the gamma function. It has no gradient."""

    implements = "scipy.special.gammasgn"
    formula = "gammasgn({x})"
    domain = (POSITIVE,)


class Beta(Elementwise):
    """Elementwise beta function: gamma(x) * gamma(y) / gamma(x + y)."""

    implements = "scipy.special.beta"
    formula = "beta({x}, {y})"
    domain = POSITIVE, POSITIVE

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (out * (Digamma.apply(x) - Digamma.apply(x + y)))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (out * (Digamma.apply(y) - Digamma.apply(x + y)))


class Betaln(Elementwise):
    """Elementwise logarithm of the beta function: gammaln(x) + gammaln(y) - gammaln(x + y)."""

    implements = "scipy.special.betaln"
    formula = "betaln({x}, {y})"
    domain = POSITIVE, POSITIVE

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        return _log_gamma(x) + _log_gamma(y) - _log_gamma(x + y)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (Digamma.apply(x) - Digamma.apply(x + y))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (Digamma.apply(y) - Digamma.apply(x + y))
