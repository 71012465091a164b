"""Losses: compositions in plain NumPy that reduce to one number."""

from __future__ import annotations

import numpy as np

from tracer.layers import log_softmax
from tracer.op import Array


def mean_squared_error(prediction: Array, target: Array) -> Array:
    """The mean of (target - prediction)**2 over all elements.

    >>> float(mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    return np.mean(np.square(target - prediction))


def cross_entropy(logits: Array, labels: Array) -> Array:
    """The mean over samples of -log softmax(logits)[label]: logits [samples, classes], labels [samples] as integers.

    Computed from the logits with log_softmax, so that no logarithm of 0 is taken: PyTorch's F.cross_entropy.

    >>> round(float(cross_entropy(np.array([[0.0, 0.0], [0.0, 50.0]]), np.array([0, 1]))), 6)
    0.346574
    """
    log_probabilities = log_softmax(logits)
    of_label = log_probabilities[np.arange(len(labels)), labels]
    return -np.mean(of_label)
