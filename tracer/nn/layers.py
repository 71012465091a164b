"""Layers in plain NumPy, without derivative rules of their own. They accept arrays and Tensors."""

from __future__ import annotations

import numpy as np

from tracer.errors import UsageError
from tracer.nn.labels import integer_labels
from tracer.nn.whole_numbers import floating
from tracer.ops.base import Array
from tracer.recording.tensor import Tensor


def dense(x: Array, weights: Array, bias: Array) -> Array:
    """A fully connected layer: x [..., inputs] @ weights [inputs, outputs] + bias [outputs] -> [..., outputs].

    >>> dense(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.5, 2.0]]), np.array([0.0, 1.0]))
    array([[2., 5.]])
    """
    return x @ weights + bias


def relu(x: Array) -> Array:
    """max(x, 0), elementwise. The derivative is 1 for x > 0 and 0 elsewhere: relu'(0) = 0, as in PyTorch.

    >>> relu(np.array([-1.5, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    # Not np.maximum(x, 0), which splits the gradient in a tie: relu'(0) would be 1/2.
    return np.clip(x, 0, None)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), computed with tanh, which never overflows.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return 0.5 * (np.tanh(0.5 * x) + 1)


def stop_gradient(x: Array) -> Array:
    """x, but no gradient flows through it (PyTorch's detach). A plain array is returned unchanged.

    softmax applies it to the maximum it subtracts: the result does not depend on that number, so its gradient is 0, and
    the eight operations that would compute this 0 need not be recorded.
    """
    if isinstance(x, Tensor):
        return x.detach()
    return x


def softmax(x: Array, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)) along an axis. The maximum is subtracted first to avoid overflow.

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    x = floating(x)
    largest = stop_gradient(np.max(x, axis=axis, keepdims=True))
    exponentials = np.exp(x - largest)
    total = np.sum(exponentials, axis=axis, keepdims=True)
    return exponentials / total


def log_softmax(x: Array, axis: int = -1) -> Array:
    """log(softmax(x)) along an axis, as x - max - log(sum(exp(x - max))): exact even where softmax underflows to 0.

    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    x = floating(x)
    largest = stop_gradient(np.max(x, axis=axis, keepdims=True))
    shifted = x - largest
    total = np.sum(np.exp(shifted), axis=axis, keepdims=True)
    return shifted - np.log(total)


def one_hot(labels: Array, classes: int) -> Array:
    """One-hot rows [..., classes] for labels [...] from 0 to classes - 1. The dtype is int8, so that floats keep theirs.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0, 0, 1],
           [1, 0, 0]], dtype=int8)
    """
    labels = integer_labels("one_hot", labels, classes, np.shape(labels))
    is_label = np.expand_dims(labels, -1) == np.arange(classes)
    return is_label.astype(np.int8)


def embedding(indices: Array, table: Array) -> Array:
    """Rows of a table [entries, size] by integer indices [...] -> [..., size]. PyTorch's F.embedding.

    A row that is used several times gets the sum of the gradients.

    >>> embedding(np.array([1, 1]), np.array([[0.0, 0.5], [1.0, 2.0]]))
    array([[1., 2.],
           [1., 2.]])
    """
    return table[integer_labels("embedding", indices, len(table), np.shape(indices))]


def dropout(x: Array, rate: float, rng: np.random.Generator, training: bool = True) -> Array:
    """x with every element set to 0 with probability `rate`, and the others divided by 1 - rate; x itself without training.

    `rng` and `training` are what model and loss of a scenario may ask for. PyTorch's F.dropout, with other random numbers.

    >>> dropout(np.ones(6), 0.5, np.random.default_rng(0))
    array([2., 0., 0., 0., 2., 2.])
    """
    if not 0 <= rate <= 1:
        raise UsageError(f"dropout takes a rate from 0 to 1, this is {rate}")
    if not training or rate == 0:
        return x
    x = floating(x)
    scale = 1 / (1 - rate) if rate < 1 else 0.0
    mask = ((rng.random(np.shape(x)) >= rate) * scale).astype(x.dtype)
    return x * mask
