"""Discrete Fourier transforms along several axes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array, Call
from tracer.ops.families.fourier.transform import Norm, Transform, counts_of, resized


class SeveralAxes(Transform):
    """Base of transforms along several axes, of which each is transformed once."""

    @staticmethod
    def call(a: Array, s: Any = None, axes: Any = None, norm: Norm = None) -> Call:
        return (a,), _over_axes(np.ndim(a), s, axes, norm)


def _over_axes(rank: int, s: Any, axes: Any, norm: Norm) -> dict[str, Any]:
    lengths = None if s is None else tuple(operator.index(size) for size in s)
    if axes is None and lengths is not None:
        axes = range(rank - len(lengths), rank)
    chosen = None if axes is None else tuple(operator.index(axis) % max(rank, 1) for axis in axes)
    if chosen is not None and len(set(chosen)) < len(chosen):
        raise RecordingError(
            "a Fourier transform is recorded along different axes: transform twice for an axis that occurs twice"
        )
    return {"s": lengths, "axes": chosen, "norm": norm}


def _two_axes(a: Array, s: Any = None, axes: Any = (-2, -1), norm: Norm = None) -> Call:
    return (a,), _over_axes(np.ndim(a), s, axes, norm)


class Fftn(SeveralAxes):
    """Discrete Fourier transform along several axes."""

    implements: ClassVar[Callable[..., Any] | tuple[Callable[..., Any], ...]] = np.fft.fftn
    formula = "fftn({x}{options})"

    @staticmethod
    def value(x: Array, *, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm) -> Array:
        return np.fft.fftn(x, s, axes, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm) -> Array:
        return resized(np.fft.fftn(g, axes=axes, norm=norm), x.shape)


class Fft2(Fftn):
    """Discrete Fourier transform along two axes, by default the last."""

    implements = np.fft.fft2
    formula = "fft2({x}{options})"
    call = staticmethod(_two_axes)


class Ifftn(SeveralAxes):
    """Inverse discrete Fourier transform along several axes."""

    implements: ClassVar[Callable[..., Any] | tuple[Callable[..., Any], ...]] = np.fft.ifftn
    formula = "ifftn({x}{options})"

    @staticmethod
    def value(x: Array, *, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm) -> Array:
        return np.fft.ifftn(x, s, axes, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm) -> Array:
        return resized(np.fft.ifftn(g, axes=axes, norm=norm), x.shape)


class Ifft2(Ifftn):
    """Inverse discrete Fourier transform along two axes, by default the last."""

    implements = np.fft.ifft2
    formula = "ifft2({x}{options})"
    call = staticmethod(_two_axes)


class Rfftn(SeveralAxes):
    """Discrete Fourier transform of real numbers along several axes: the first half of the elements along the last of them."""

    implements: ClassVar[Callable[..., Any] | tuple[Callable[..., Any], ...]] = np.fft.rfftn
    formula = "rfftn({x}{options})"
    accepts_complex = False
    halves = True

    @staticmethod
    def value(x: Array, *, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm) -> Array:
        return np.fft.rfftn(x, s, axes, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm) -> Array:
        along = tuple(range(x.ndim)) if axes is None else tuple(axes)
        sizes = Rfftn.sizes_of(x.shape, {"s": s, "axes": axes})
        return resized(np.real(np.fft.fftn(g, sizes, along, norm)), x.shape)


class Rfft2(Rfftn):
    """Discrete Fourier transform of real numbers along two axes, by default the last."""

    implements = np.fft.rfft2
    formula = "rfft2({x}{options})"
    call = staticmethod(_two_axes)


class Irfftn(SeveralAxes):
    """Inverse of `rfftn`, to real numbers."""

    implements: ClassVar[Callable[..., Any] | tuple[Callable[..., Any], ...]] = np.fft.irfftn
    formula = "irfftn({x}{options})"
    doubles = True

    @staticmethod
    def value(x: Array, *, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm) -> Array:
        return np.fft.irfftn(x, s, axes, norm)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm) -> Array:
        *others, last = range(x.ndim) if axes is None else axes
        half = np.fft.ihfft(g, axis=last, norm=norm) * counts_of(g, last)
        return resized(np.fft.ifftn(half, axes=tuple(others), norm=norm) if others else half, x.shape)


class Irfft2(Irfftn):
    """Inverse of `rfft2`, to real numbers."""

    implements = np.fft.irfft2
    formula = "irfft2({x}{options})"
    call = staticmethod(_two_axes)
