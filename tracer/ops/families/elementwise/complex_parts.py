"""Parts of complex numbers, of real arrays: code that is written for both uses them."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import KINK_AT_ZERO, REAL
from tracer.ops.elementwise import Elementwise


class Real(Elementwise):
    """The real part of a real array: the array itself."""

    implements = np.real
    formula = "real({x})"
    domain = (REAL,)

    @staticmethod
    def call(val: Array) -> Call:
        return (val,), {}

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x  # of the real program: its derivative is 1

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g


class Imag(Elementwise):
    """The imaginary part of a real array: zeros. It has no gradient."""

    implements = np.imag
    formula = "imag({x})"
    domain = (REAL,)

    @staticmethod
    def call(val: Array) -> Call:
        return (val,), {}


class Conjugate(Elementwise):
    """The complex conjugate of a real array: the array itself."""

    implements = np.conjugate
    formula = "conj({x})"
    domain = (REAL,)

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x  # of the real program: its derivative is 1

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g


class RealIfClose(Elementwise):
    """A real array itself."""

    implements = np.real_if_close
    formula = "real_if_close({x})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, tol: float = 100) -> Call:
        return (a,), {}

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x  # of the real program: its derivative is 1

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g


class Angle(Elementwise):
    """The angle of a real array as complex numbers: 0, and pi where x is negative. It has no gradient."""

    implements = np.angle
    formula = "angle({x}{options})"
    domain = (KINK_AT_ZERO,)

    @staticmethod
    def call(z: Array, deg: bool = False) -> Call:
        return (z,), {"deg": bool(deg)}

    @staticmethod
    def value(x: Array, *, deg: bool) -> Array:
        return np.angle(x, deg=deg)
