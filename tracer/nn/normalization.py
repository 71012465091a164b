"""Normalization in plain NumPy, without derivative rules of its own. It accepts arrays and Tensors."""

from __future__ import annotations

import numpy as np

from tracer.errors import UsageError
from tracer.nn.whole_numbers import floating
from tracer.ops.base import Array


def layer_norm(x: Array, weights: Array | None = None, bias: Array | None = None, *, axes: int = 1, eps: float = 1e-5) -> Array:
    """(x - mean) / sqrt(variance + eps) * weights + bias, with mean and variance over the last axes of x, one by default.

    `weights` and `bias` have the shape of these axes. PyTorch's F.layer_norm: the variance is the biased one.

    >>> layer_norm(np.array([[1.0, 3.0]]), eps=0.0)
    array([[-1.,  1.]])
    """
    x = floating(x)
    last = tuple(range(-axes, 0))
    for name, given in (("weights", weights), ("bias", bias)):
        if given is not None and np.shape(given) != np.shape(x)[-axes:]:
            raise UsageError(f"layer_norm: {name} has shape {np.shape(given)}, {np.shape(x)[-axes:]} is needed")
    mean = np.mean(x, axis=last, keepdims=True)
    centered = x - mean
    variance = np.mean(np.square(centered), axis=last, keepdims=True)
    normalized = centered / np.sqrt(variance + eps)
    return _scaled(normalized, weights, bias)


def batch_norm(
    x: Array,
    weights: Array | None = None,
    bias: Array | None = None,
    running_mean: Array | None = None,
    running_variance: Array | None = None,
    *,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """(x - mean) / sqrt(variance + eps) * weights + bias for each channel; x [samples, channels, ...].

    In training the mean and the (biased) variance are those of the batch, and `running_mean` and `running_variance`, if given,
    are written in place: (1 - momentum) * running + momentum * that of the batch, with the unbiased variance. Otherwise they are
    used instead. PyTorch's F.batch_norm, with its defaults.

    >>> batch_norm(np.array([[1.0], [3.0]]), eps=0.0)
    array([[-1.],
           [ 1.]])
    """
    x = floating(x)
    if np.ndim(x) < 2:
        raise UsageError(f"batch_norm takes x [samples, channels, ...], this has shape {np.shape(x)}")
    channels = np.shape(x)[1]
    per_channel = (channels, *(1 for _ in np.shape(x)[2:]))
    arguments = {"weights": weights, "bias": bias, "running_mean": running_mean, "running_variance": running_variance}
    for name, given in arguments.items():
        if given is not None and np.shape(given) != (channels,):
            raise UsageError(f"batch_norm: {name} has shape {np.shape(given)}, ({channels},) is needed, one for each channel")
    if training:
        axes = (0, *range(2, np.ndim(x)))
        mean, variance = np.mean(x, axis=axes), np.var(x, axis=axes)
        _keep(running_mean, running_variance, mean, variance, momentum, np.size(x) // channels)
    elif running_mean is None or running_variance is None:
        raise UsageError("batch_norm: without training, running_mean and running_variance are needed")
    else:
        mean, variance = running_mean, running_variance
    normalized = (x - np.reshape(mean, per_channel)) / np.sqrt(np.reshape(variance, per_channel) + eps)
    shaped = [None if given is None else np.reshape(given, per_channel) for given in (weights, bias)]
    return _scaled(normalized, *shaped)


def _keep(
    running_mean: Array | None, running_variance: Array | None, mean: Array, variance: Array, momentum: float, count: int
) -> None:
    """Write the running statistics in place."""
    if running_mean is not None:
        running_mean[...] = (1 - momentum) * running_mean + momentum * mean
    if running_variance is not None:
        if count < 2:
            raise UsageError("batch_norm: the variance of a single value for each channel cannot be kept: use a larger batch")
        running_variance[...] = (1 - momentum) * running_variance + momentum * (variance * (count / (count - 1)))


def _scaled(x: Array, weights: Array | None, bias: Array | None) -> Array:
    if weights is not None:
        x = x * weights
    return x if bias is None else x + bias
