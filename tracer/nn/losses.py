"""Loss functions in plain NumPy. Each returns a scalar."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.nn.labels import integer_labels
from tracer.nn.layers import log_softmax
from tracer.nn.whole_numbers import converted, floating, is_whole
from tracer.ops.base import Array
from tracer.recording.tensor import plain


def mean_squared_error(prediction: Array, target: Array) -> Array:
    """The mean of (target - prediction)**2 over all elements; both have the same shape.

    >>> float(mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    _check_same("mean_squared_error", prediction=prediction, target=target)
    if is_whole(prediction):
        target = floating(target)
    return np.mean(np.square(target - prediction))


def cross_entropy(logits: Array, labels: Array) -> Array:
    """The mean over samples of -log softmax(logits)[label]; logits [samples, classes], integer labels [samples].

    PyTorch's F.cross_entropy. Uses log_softmax, so log(0) never occurs.

    >>> round(float(cross_entropy(np.array([[0.0, 0.0], [0.0, 50.0]]), np.array([0, 1]))), 6)
    0.346574
    """
    if np.ndim(logits) != 2:
        raise UsageError(f"cross_entropy takes logits [samples, classes], these have shape {np.shape(logits)}")
    labels = integer_labels("cross_entropy", labels, np.shape(logits)[1], np.shape(logits)[:1])
    log_probabilities = log_softmax(logits)
    of_label = log_probabilities[np.arange(len(labels)), labels]
    return -np.mean(of_label)


def categorical_cross_entropy(logits: Array, target: Array) -> Array:
    """The mean over samples of -sum(target * log softmax(logits)); logits and target [samples, classes].

    Keras' CategoricalCrossentropy(from_logits=True).

    >>> round(float(categorical_cross_entropy(np.array([[0.0, 0.0]]), np.array([[1, 0]]))), 6)
    0.693147
    """
    _check_same("categorical_cross_entropy", logits=logits, target=target)
    per_sample = -np.sum(target * log_softmax(logits), axis=-1)
    return np.mean(per_sample)


def hinge(decision: Array, signs: Array) -> Array:
    """The mean of max(0, 1 - signs * decision); decision [samples], signs [samples] with labels -1 and 1.

    At a margin of exactly 1 the derivative is that of the linear part, as in scikit-learn.

    >>> float(hinge(np.array([0.5, 3.0]), np.array([1, 1])))
    0.25
    """
    _check_same("hinge", decision=decision, signs=signs)
    values = np.asarray(plain(signs))
    if not np.all(np.abs(values) == 1):
        raise UsageError("hinge takes labels of -1 and 1: from 0 and 1 they are 2 * y - 1")
    if values.dtype.kind in "biu" and values.dtype != np.int8:
        signs = converted(signs, np.int8)  # int64 would promote float32 to float64, int8 does not
    margin = signs * decision
    # Not np.maximum(1 - margin, 0), which halves the derivative at the kink.
    missing = np.where(margin <= 1, 1 - margin, 0.0)
    return np.mean(missing)


def l2_penalty(weights: Array, alpha: float) -> Array:
    """alpha / 2 * sum(weights**2), whose derivative is alpha * weights.

    >>> float(l2_penalty(np.array([3.0, 4.0]), 0.1))
    1.25
    """
    return alpha * np.sum(np.square(weights)) / 2


def _check_same(function: str, **arrays: Any) -> None:
    """Raise UsageError unless two arrays have the same shape: broadcasting would silently give a wrong loss."""
    (first, shape), (second, other) = ((name, np.shape(array)) for name, array in arrays.items())
    if shape != other:
        raise UsageError(f"{function}: {first} has shape {shape} and {second} {other}, they must be equal")
