"""Parts of complex numbers: real and imaginary part, conjugate, angle; of real arrays too.

For a real loss L, the cotangent of z = a + ib is dL/da - i dL/db (the convention of JAX). So a change of z changes L by the real
part of the cotangent times dz, from which these rules follow.
"""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import KINK_AT_ZERO, REAL
from tracer.ops.elementwise import Elementwise


class Real(Elementwise):
    """Elementwise real part."""

    implements = np.real
    formula = "real({x})"
    domain = (REAL,)
    accepts_complex = True

    @staticmethod
    def call(val: Array) -> Call:
        return (val,), {}

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x  # of a real program: its derivative is 1

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g


class Imag(Elementwise):
    """Elementwise imaginary part: dL = g * db = Re(-i g dz). That of a real number is 0, and so is its derivative."""

    implements = np.imag
    formula = "imag({x})"
    domain = (REAL,)
    accepts_complex = True

    @staticmethod
    def call(val: Array) -> Call:
        return (val,), {}

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return g * -1j if x.dtype.kind == "c" else g * 0.0


class Conjugate(Elementwise):
    """Elementwise complex conjugate: dL = Re(g * conj(dz)) = Re(conj(g) * dz)."""

    implements = np.conjugate
    formula = "conj({x})"
    domain = (REAL,)
    accepts_complex = True

    @staticmethod
    def complex_value(x: Array) -> Array:
        return x  # of a real program: its derivative is 1

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return np.conjugate(g) if g.dtype.kind == "c" else g


class RealIfClose(Elementwise):
    """The real part, if all imaginary parts are close to 0: less than `tol` units of rounding; else the array itself."""

    implements = np.real_if_close
    formula = "real_if_close({x})"
    domain = (REAL,)
    accepts_complex = True

    @staticmethod
    def call(a: Array, tol: float = 100) -> Call:
        return (a,), {"tol": float(tol)}

    @staticmethod
    def value(x: Array, *, tol: float) -> Array:
        return np.real_if_close(x, tol)

    @staticmethod
    def complex_value(x: Array, *, tol: float) -> Array:
        return x  # of a real program: its derivative is 1

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, tol: float) -> Array:
        return g


class Angle(Elementwise):
    """Elementwise angle in the complex plane, from -pi to pi; in degrees with `deg`.

    With z = r exp(i angle) it is d angle = Im(dz / z) = Re(-i dz / z). The derivative at 0 is defined as 0, and so is that of
    real numbers, whose angle is 0 or pi.
    """

    implements = np.angle
    formula = "angle({x}{options})"
    domain = (KINK_AT_ZERO,)
    accepts_complex = True

    @staticmethod
    def call(z: Array, deg: bool = False) -> Call:
        return (z,), {"deg": bool(deg)}

    @staticmethod
    def value(x: Array, *, deg: bool) -> Array:
        return np.angle(x, deg=deg)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, deg: bool) -> Array:
        if x.dtype.kind != "c":
            return g * 0.0
        is_zero = np.equal(x, 0)
        turn = np.where(is_zero, 0, -1j / np.where(is_zero, 1, x))
        return g * (turn * (180 / np.pi) if deg else turn)
