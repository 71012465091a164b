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


def mean_absolute_error(prediction: Array, target: Array) -> Array:
    """The mean of |target - prediction| over all elements; both have the same shape. PyTorch's F.l1_loss.

    >>> float(mean_absolute_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    difference = _difference("mean_absolute_error", prediction, target)
    return np.mean(np.abs(difference))


def huber(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    """The mean of d**2 / 2 where |d| <= delta and delta * (|d| - delta / 2) elsewhere; d is the difference of the two.

    PyTorch's F.huber_loss.

    >>> float(huber(np.array([0.5, 3.0]), np.array([0.0, 0.0])))
    1.3125
    """
    if not delta > 0:
        raise UsageError(f"huber takes a delta above 0, this is {delta}")
    difference = _difference("huber", prediction, target)
    distance = np.abs(difference)
    return np.mean(np.where(distance <= delta, 0.5 * np.square(difference), delta * (distance - 0.5 * delta)))


def smooth_l1(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    """The mean of d**2 / (2 * beta) where |d| < beta and |d| - beta / 2 elsewhere: huber divided by its delta.

    PyTorch's F.smooth_l1_loss; with a beta of 0 it is the mean absolute error.

    >>> float(smooth_l1(np.array([1.0, 3.0]), np.array([0.0, 0.0]), beta=2.0))
    1.125
    """
    if beta < 0:
        raise UsageError(f"smooth_l1 takes a beta from 0 on, this is {beta}")
    difference = _difference("smooth_l1", prediction, target)
    distance = np.abs(difference)
    if beta == 0:
        return np.mean(distance)
    return np.mean(np.where(distance < beta, np.square(difference) / (2 * beta), distance - 0.5 * beta))


def binary_cross_entropy_with_logits(logits: Array, target: Array) -> Array:
    """The mean of -(target * log(p) + (1 - target) * log(1 - p)) with p = sigmoid(logits), both of the same shape.

    Computed as log(1 + exp(x)) - x * target by np.logaddexp, which never overflows. PyTorch's
    F.binary_cross_entropy_with_logits.

    >>> round(float(binary_cross_entropy_with_logits(np.array([0.0, 1000.0]), np.array([0, 1]))), 6)
    0.346574
    """
    _check_same("binary_cross_entropy_with_logits", logits=logits, target=target)
    logits = floating(logits)
    losses = np.logaddexp(0, logits) - logits * _in_dtype_of(logits, target)
    return np.mean(losses)


def binary_cross_entropy(probabilities: Array, target: Array) -> Array:
    """The mean of -(target * log(p) + (1 - target) * log(1 - p)) for probabilities p; both of the same shape.

    As in PyTorch's F.binary_cross_entropy a logarithm is at least -100. Where it would be less, it has the derivative 0; with
    logits (binary_cross_entropy_with_logits) that does not happen.

    >>> round(float(binary_cross_entropy(np.array([0.5, 1.0]), np.array([0, 1]))), 6)
    0.346574
    """
    _check_same("binary_cross_entropy", probabilities=probabilities, target=target)
    values = np.asarray(plain(probabilities))
    if values.size and not (np.min(values) >= 0 and np.max(values) <= 1) and not np.any(np.isnan(values)):
        raise UsageError("binary_cross_entropy takes probabilities from 0 to 1: for logits use binary_cross_entropy_with_logits")
    p = floating(probabilities)
    target = _in_dtype_of(p, target)
    smallest = float(np.exp(-100))
    of_one, of_zero = np.log(np.clip(p, smallest, None)), np.log(np.clip(1 - p, smallest, None))
    return -np.mean(target * of_one + (1 - target) * of_zero)


def negative_log_likelihood(log_probabilities: Array, labels: Array) -> Array:
    """The mean over samples of -log_probabilities[label]; [samples, classes] and integer labels [samples].

    PyTorch's F.nll_loss, for what log_softmax returns.

    >>> float(negative_log_likelihood(np.array([[-1.0, -2.0]]), np.array([1])))
    2.0
    """
    function = "negative_log_likelihood"
    if np.ndim(log_probabilities) != 2:
        raise UsageError(f"{function} takes log-probabilities [samples, classes], these have shape {np.shape(log_probabilities)}")
    labels = integer_labels(function, labels, np.shape(log_probabilities)[1], np.shape(log_probabilities)[:1])
    return -np.mean(log_probabilities[np.arange(len(labels)), labels])


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


def _difference(function: str, prediction: Array, target: Array) -> Array:
    """prediction - target, of the same shape, as floats."""
    _check_same(function, prediction=prediction, target=target)
    prediction = floating(prediction)
    return prediction - _in_dtype_of(prediction, target)


def _in_dtype_of(x: Array, target: Array) -> Array:
    """Whole numbers as floats of the dtype of x: int64 would make float64 of float32."""
    return converted(target, x.dtype) if is_whole(target) else target


def _check_same(function: str, **arrays: Any) -> None:
    """Raise UsageError unless two arrays have the same shape: broadcasting would silently give a wrong loss."""
    (first, shape), (second, other) = ((name, np.shape(array)) for name, array in arrays.items())
    if shape != other:
        raise UsageError(f"{function}: {first} has shape {shape} and {second} {other}, they must be equal")
