"""Discrete Fourier transforms along one axis."""

from __future__ import annotations

import operator

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.families.fourier.transform import Norm, Transform, counts_of, resized


class OneAxis(Transform):
    """Base of transforms along one axis."""

    @staticmethod
    def call(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Call:
        return (a,), {"n": None if n is None else operator.index(n), "axis": operator.index(axis), "norm": norm}


class Fft(OneAxis):
    """Discrete Fourier transform along an axis."""

    implements = np.fft.fft
    formula = "fft({x}{options})"

    @staticmethod
    def value(x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return np.fft.fft(x, n, axis, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return resized(np.fft.fft(g, axis=axis, norm=norm), x.shape)


class Ifft(OneAxis):
    """Inverse discrete Fourier transform along an axis."""

    implements = np.fft.ifft
    formula = "ifft({x}{options})"

    @staticmethod
    def value(x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return np.fft.ifft(x, n, axis, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return resized(np.fft.ifft(g, axis=axis, norm=norm), x.shape)


class Rfft(OneAxis):
    """Discrete Fourier transform of real numbers along an axis: the first half of the elements."""

    implements = np.fft.rfft
    formula = "rfft({x}{options})"
    accepts_complex = False
    halves = True

    @staticmethod
    def value(x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return np.fft.rfft(x, n, axis, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return resized(np.real(np.fft.fft(g, x.shape[axis] if n is None else n, axis, norm)), x.shape)


class Ihfft(OneAxis):
    """Inverse of `hfft`: the conjugates of `rfft`, divided by n."""

    implements = np.fft.ihfft
    formula = "ihfft({x}{options})"
    accepts_complex = False
    halves = True

    @staticmethod
    def value(x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return np.fft.ihfft(x, n, axis, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return resized(np.real(np.fft.ifft(g, x.shape[axis] if n is None else n, axis, norm)), x.shape)


class Irfft(OneAxis):
    """Inverse of `rfft`, to n real numbers: by default an even number of them."""

    implements = np.fft.irfft
    formula = "irfft({x}{options})"
    doubles = True

    @staticmethod
    def value(x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return np.fft.irfft(x, n, axis, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return resized(np.fft.ihfft(g, axis=axis, norm=norm) * counts_of(g, axis), x.shape)


class Hfft(OneAxis):
    """Discrete Fourier transform, to n real numbers, of elements whose second half are the conjugates of the first."""

    implements = np.fft.hfft
    formula = "hfft({x}{options})"
    doubles = True

    @staticmethod
    def value(x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return np.fft.hfft(x, n, axis, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, n: int | None, axis: int, norm: Norm) -> Array:
        return resized(np.fft.rfft(g, axis=axis, norm=norm) * counts_of(g, axis), x.shape)
