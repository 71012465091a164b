"""Faults of the rules of Fourier transforms: the inverse or a conjugate, another norm, a half that counts twice or not."""

from __future__ import annotations

from tracer.ops.base import Op
from tracer.ops.families.fourier import one_axis, several_axes, shifts

RULES: tuple[tuple[type[Op], str, str, str], ...] = (
    (one_axis.Fft, "gradient_x", "np.fft.fft(g, axis=axis, norm=norm)", "np.conj(np.fft.fft(np.conj(g), axis=axis, norm=norm))"),
    (one_axis.Fft, "gradient_x", "norm=norm", "norm=None"),
    (one_axis.Fft, "gradient_x", "axis=axis, ", ""),
    (one_axis.Ifft, "gradient_x", "np.fft.ifft(g", "np.fft.fft(g"),
    (one_axis.Rfft, "gradient_x", "np.fft.fft(g", "np.fft.ifft(g"),
    (one_axis.Rfft, "gradient_x", "x.shape[axis] if n is None else n", "x.shape[axis]"),
    (one_axis.Ihfft, "gradient_x", "np.fft.ifft(g", "np.fft.fft(g"),
    (one_axis.Irfft, "gradient_x", " * counts_of(g, axis)", ""),
    (one_axis.Irfft, "gradient_x", "np.fft.ihfft(g", "np.fft.rfft(g"),
    (one_axis.Hfft, "gradient_x", " * counts_of(g, axis)", " * 2"),
    (one_axis.Hfft, "gradient_x", "np.fft.rfft(g, axis=axis, norm=norm)", "np.conj(np.fft.rfft(g, axis=axis, norm=norm))"),
    (several_axes.Fftn, "gradient_x", "np.fft.fftn(g, axes=axes, norm=norm)", "np.fft.ifftn(g, axes=axes, norm=norm)"),
    (several_axes.Fftn, "gradient_x", "axes=axes, ", ""),
    (several_axes.Ifftn, "gradient_x", "norm=norm", "norm=None"),
    (several_axes.Rfftn, "gradient_x", "np.fft.fftn(g", "np.fft.ifftn(g"),
    (several_axes.Irfftn, "gradient_x", " * counts_of(g, last)", ""),
    (several_axes.Irfftn, "gradient_x", "axes=tuple(others), norm=norm) if", "axes=tuple(others)) if"),
    (shifts.Fftshift, "gradient_x", "np.fft.ifftshift(", "np.fft.fftshift("),
    (shifts.Ifftshift, "gradient_x", "np.fft.fftshift(", "np.fft.ifftshift("),
)  # fmt: skip
"""The operation, its method, and a replacement in the source of that."""
