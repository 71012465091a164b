"""Losses, layers, metrics and initial weights: edge cases and invalid arguments.

They refuse arrays that NumPy would silently broadcast to a wrong result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.nn.initializers import glorot_uniform, linear_uniform
from tracer.nn.layers import one_hot
from tracer.nn.losses import categorical_cross_entropy, cross_entropy, hinge, mean_squared_error
from tracer.nn.metrics import accuracy

LOGITS = np.eye(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: cross_entropy(x, np.array([[0], [1], [2]])), r"labels of shape \(3,\), one for each sample, these"),
        (lambda x: cross_entropy(x, np.array([0, 1, -1])), "labels from 0 to 2, these go from -1 to 1"),
        (lambda x: cross_entropy(x, np.array([0, 1, 3])), "labels from 0 to 2, these go from 0 to 3"),
        (lambda x: cross_entropy(x, np.array([0.0, 1.0, 2.0])), "labels that are whole numbers, these are float64"),
        (lambda x: categorical_cross_entropy(x, np.array([0, 1, 2])), r"logits has shape \(3, 3\) and target \(3,\)"),
        (lambda x: mean_squared_error(x[0], x[:, :1]), r"prediction has shape \(3,\) and target \(3, 1\), they must be equal"),
        (lambda x: hinge(x[0], np.array([0, 1, 1])), "labels of -1 and 1: from 0 and 1 they are 2"),
        (lambda x: hinge(x[0], np.ones((3, 1))), r"decision has shape \(3,\) and signs \(3, 1\)"),
        (lambda x: np.sum(x) * np.sum(one_hot(np.array([0, 5]), 3)), "one_hot takes labels from 0 to 2, these go from 0 to 5"),
    ],
)
def test_shapes_and_labels_are_checked(call: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        call(LOGITS)
    with pytest.raises(tracer.UsageError, match=message):
        tracer.trace(call, LOGITS)


def test_accuracy_checks_its_shapes() -> None:
    with pytest.raises(tracer.UsageError, match=r"scores of shape \(3, 3\) and labels \(3, 1\)"):
        accuracy(LOGITS, np.array([[0], [1], [2]]))


def test_labels_may_be_recorded_data() -> None:
    step = tracer.trace(lambda x, y: cross_entropy(x, y), LOGITS, np.array([0, 1, 2]))
    assert step.loss == pytest.approx(float(cross_entropy(LOGITS, np.array([0, 1, 2]))))


def test_hinge_gradient_at_a_margin_of_1() -> None:
    """As in scikit-learn, a sample at the kink counts as inside the margin."""
    step = tracer.trace(lambda decision: hinge(decision, np.array([1, 1, -1, -1])), np.array([1.0, 1.5, -1.0, 0.0]))
    np.testing.assert_array_equal(step.gradient("decision"), [-0.25, 0, 0.25, 0.25])


@pytest.mark.parametrize("inputs", [1, 2, 40])
def test_initial_weights_fill_their_range(inputs: int) -> None:
    rng = np.random.default_rng(0)
    ranges = {
        np.sqrt(6 / (inputs + 5000)): glorot_uniform(rng, inputs, 5000),
        1 / np.sqrt(inputs): linear_uniform(rng, inputs, (inputs, 5000)),
    }
    for limit, drawn in ranges.items():
        assert drawn.shape == (inputs, 5000)
        assert 0.99 * limit < np.abs(drawn).max() <= limit
        assert abs(drawn.mean()) < 0.05 * limit
