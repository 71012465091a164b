"""Convolution and pooling of images in plain NumPy, by sliding windows. They accept arrays and Tensors.

Images are [samples, channels, height, width], as in PyTorch. A size, a stride or a padding is one number, or one for the height
and one for the width.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tracer.errors import UsageError
from tracer.ops.base import Array

Pair: TypeAlias = int | tuple[int, int]


def conv2d(x: Array, weights: Array, bias: Array | None = None, *, stride: Pair = 1, padding: Pair = 0) -> Array:
    """The cross-correlation of images with kernels: x [n, channels, h, w], weights [outputs, channels, kh, kw], bias [outputs].

    Zeros are added on all sides by `padding`. The result is [n, outputs, (h + 2 * padding - kh) // stride + 1, ...]. PyTorch's
    F.conv2d, without dilation and groups.

    >>> conv2d(np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2)))
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """
    if np.ndim(weights) != 4 or np.ndim(x) != 4 or np.shape(weights)[1] != np.shape(x)[1]:
        shapes = f"{np.shape(x)} and {np.shape(weights)}"
        raise UsageError(f"conv2d takes x [n, channels, h, w] and weights [outputs, channels, kh, kw], not {shapes}")
    if bias is not None and np.shape(bias) != np.shape(weights)[:1]:
        raise UsageError(f"conv2d: bias has shape {np.shape(bias)}, {np.shape(weights)[:1]} is needed")
    windows = _windows("conv2d", x, np.shape(weights)[2:], stride, padding, 0.0)
    out = np.einsum("nchwij,ocij->nohw", windows, weights)
    return out if bias is None else out + np.reshape(bias, (-1, 1, 1))


def max_pool2d(x: Array, size: Pair, *, stride: Pair | None = None, padding: Pair = 0) -> Array:
    """The largest number of every window of this size; the stride is the size if not given. PyTorch's F.max_pool2d.

    Of several equal numbers the first in the window gets the gradient, as in PyTorch.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """
    windows = _windows("max_pool2d", x, _pair(size), size if stride is None else stride, padding, -np.inf)
    flat = np.reshape(windows, (*np.shape(windows)[:4], -1))
    # Not np.max, which splits the gradient between equal numbers, such as the zeros after a relu.
    largest = np.expand_dims(np.argmax(flat, axis=-1), -1)
    return np.squeeze(np.take_along_axis(flat, largest, axis=-1), axis=-1)


def avg_pool2d(x: Array, size: Pair, *, stride: Pair | None = None, padding: Pair = 0) -> Array:
    """The mean of every window of this size; the stride is the size if not given. PyTorch's F.avg_pool2d, which counts padding.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """
    windows = _windows("avg_pool2d", x, _pair(size), size if stride is None else stride, padding, 0.0)
    return np.mean(windows, axis=(-2, -1))


def _windows(function: str, x: Array, size: tuple[int, int], stride: Pair, padding: Pair, filling: float) -> Array:
    """The windows of images: [n, channels, rows, columns, *size]."""
    if np.ndim(x) != 4:
        raise UsageError(f"{function} takes x [n, channels, h, w], this has shape {np.shape(x)}")
    steps, added = _pair(stride), _pair(padding)
    if min(*size, *steps) < 1 or min(added) < 0:
        raise UsageError(f"{function} takes sizes and strides from 1 and a padding from 0 on, not {size}, {steps} and {added}")
    if filling and any(2 * each > side for each, side in zip(added, size, strict=True)):
        raise UsageError(f"{function}: a window of {size} would have nothing but padding: at most half of it may be padding")
    sides = [side + 2 * each for side, each in zip(np.shape(x)[2:], added, strict=True)]
    if any(side < each for side, each in zip(sides, size, strict=True)):
        raise UsageError(f"{function}: a window of {size} is larger than the images of {tuple(sides)}, padding included")
    if any(added):
        x = np.pad(x, ((0, 0), (0, 0), (added[0], added[0]), (added[1], added[1])), constant_values=filling)
    return sliding_window_view(x, size, axis=(2, 3))[:, :, :: steps[0], :: steps[1]]


def _pair(given: Pair) -> tuple[int, int]:
    return (given, given) if isinstance(given, int) else (given[0], given[1])
