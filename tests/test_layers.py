"""Layers and losses: gradients, dtypes, invalid arguments, and values at the edges. tests/live compares them with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.nn.attention import attention
from tracer.nn.convolution import avg_pool2d, conv2d, max_pool2d
from tracer.nn.layers import dropout, embedding
from tracer.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber,
    mean_absolute_error,
    negative_log_likelihood,
    smooth_l1,
)
from tracer.nn.normalization import batch_norm, layer_norm
from tracer.nn.recurrent import gru_cell, lstm_cell, rnn_cell
from tracer.testing import assert_gradients

X = np.random.default_rng(5).normal(size=(4, 3))
IMAGES = np.random.default_rng(6).normal(size=(2, 2, 4, 5))


def cell(gates: int) -> list[np.ndarray]:
    generator = np.random.default_rng(gates)
    rows = gates * 2
    shapes: list[tuple[int, ...]] = [(4, 2), (rows, 3), (rows, 2), (rows,), (rows,)]
    return [generator.normal(size=shape) for shape in shapes]


def lstm(x: Any, hidden: Any, *weights: Any) -> Any:
    next_hidden, next_cell = lstm_cell(x, (hidden, 0.5 * hidden), *weights)
    return np.concatenate([next_hidden, next_cell])


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[np.ndarray]]] = {
    "layer_norm": (layer_norm, [X, X[0], X[1]]),
    "batch_norm": (batch_norm, [X, X[0], X[1]]),
    "conv2d": (lambda x, w, b: conv2d(x, w, b, stride=2, padding=1), [IMAGES, IMAGES[:1, :, :2, :3], X[0, :1]]),
    "max_pool2d": (lambda x: max_pool2d(x, 2, stride=1, padding=1), [IMAGES]),
    "avg_pool2d": (lambda x: avg_pool2d(x, (2, 3), stride=1, padding=1), [IMAGES]),
    "rnn_cell": (rnn_cell, [X, *cell(1)]),
    "lstm_cell": (lstm, [X, *cell(4)]),
    "gru_cell": (gru_cell, [X, *cell(3)]),
    "attention": (attention, [X, X[:3] + 1, X[1:, :2]]),
    "causal_attention": (lambda q, k, v: attention(q, k, v, causal=True), [X, X + 1, X[:, :2]]),
    "attention_that_sees_nothing": (lambda q, k, v: attention(q, k, v, np.eye(4, 3) > 0), [X, X[:3], X[:3]]),
    "embedding": (lambda table: embedding([[0, 2], [0, 3]], table), [X]),
    "dropout": (lambda x: dropout(x, 0.5, np.random.default_rng(0)), [X]),
    "mean_absolute_error": (mean_absolute_error, [X, X[::-1]]),
    "huber": (huber, [X, 2 * X[::-1]]),
    "smooth_l1": (smooth_l1, [X, 2 * X[::-1]]),
    "binary_cross_entropy": (lambda p: binary_cross_entropy(p, X > 0), [np.abs(X) / 4 + 0.01]),
    "binary_cross_entropy_with_logits": (lambda logits: binary_cross_entropy_with_logits(logits, X > 0), [X]),
    "binary_cross_entropy_with_logits_of_0": (lambda logits: binary_cross_entropy_with_logits(logits, X > 0), [0 * X]),
    "negative_log_likelihood": (lambda p: negative_log_likelihood(p, np.array([0, 2, 1, 1])), [X]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_of_both_orders_are_right(name: str) -> None:
    function, arrays = FUNCTIONS[name]
    assert_gradients(lambda *given: np.sum(np.square(function(*given))), *arrays, second_order=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_stays_float32(name: str) -> None:
    function, arrays = FUNCTIONS[name]
    single = [array.astype(np.float32) for array in arrays]
    assert function(*single).dtype == np.float32
    step = tracer.trace(lambda *given: np.sum(function(*given)), *single)
    assert {node.dtype for node in step.nodes if node.dtype.startswith("float") and node.shape} == {"float32"}
    assert np.float32(step.loss) == np.sum(function(*single))


def by_loops(x: Any, weights: Any, bias: Any) -> Any:
    """A convolution with stride 2 and padding 1, a number at a time."""
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    (count, _, height, width), (outputs, _, rows, columns) = x.shape, weights.shape
    shape = (count, outputs, (height - rows) // 2 + 1, (width - columns) // 2 + 1)
    found = [
        bias[o] + np.sum(x[n, :, 2 * i : 2 * i + rows, 2 * j : 2 * j + columns] * weights[o]) for n, o, i, j in np.ndindex(shape)
    ]
    return np.reshape(np.stack(found), shape)


def test_a_convolution_is_that_of_its_definition() -> None:
    arrays = [IMAGES, np.random.default_rng(7).normal(size=(3, 2, 2, 3)), X[0]]
    found = tracer.trace(lambda x, w, b: np.sum(np.square(conv2d(x, w, b, stride=2, padding=1))), *arrays)
    expected = tracer.trace(lambda x, w, b: np.sum(np.square(by_loops(x, w, b))), *arrays)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-13)
    for name in "xwb":
        np.testing.assert_allclose(found.gradient(name), expected.gradient(name), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: layer_norm(x, x[0, :2]), r"layer_norm: weights has shape \(2,\), \(3,\) is needed"),
        (lambda x: batch_norm(x[0]), r"takes x \[samples, channels, ...\], this has shape \(3,\)"),
        (lambda x: batch_norm(x, x[:, 0]), r"batch_norm: weights has shape \(4,\), \(3,\) is needed"),
        (lambda x: batch_norm(x, training=False), "without training, running_mean and running_variance are needed"),
        (lambda x: batch_norm(x[:1], running_variance=np.ones(3)), "the variance of a single value for each channel"),
        (lambda x: conv2d(x, x), r"conv2d takes x \[n, channels, h, w\] .* not \(4, 3\) and \(4, 3\)"),
        (lambda x: conv2d(x[None, None], x[None, None], x[0]), r"conv2d: bias has shape \(3,\), \(1,\) is needed"),
        (lambda x: conv2d(x[None, None], x[None, None], stride=0), "takes sizes and strides from 1 and a padding from 0 on"),
        (lambda x: max_pool2d(x[None, None], 5), r"a window of \(5, 5\) is larger than the images of \(4, 3\)"),
        (lambda x: max_pool2d(x[None, None], 2, padding=2), "at most half of it may be padding"),
        (lambda x: avg_pool2d(x, 2), r"avg_pool2d takes x \[n, channels, h, w\], this has shape \(4, 3\)"),
        (lambda x: rnn_cell(x, x, x, x, x, x), r"rnn_cell: input_weights has shape \(4, 3\), \(3, 3\) is needed"),
        (lambda x: gru_cell(x, x[:, :1], x[:3], x[:3, :1], x[0], x[0, :1]), r"gru_cell: hidden_bias has shape \(1,\), \(3,\)"),
        (lambda x: attention(x, x[:, :2], x), r"attention takes queries .* not \(4, 3\), \(4, 2\), \(4, 3\)"),
        (lambda x: attention(x, x, x, np.ones((4, 4), bool), causal=True), "a mask or causal=True, not both"),
        (lambda x: embedding([4], x), "embedding takes labels from 0 to 3"),
        (lambda x: embedding([0.5], x), "embedding takes labels that are whole numbers"),
        (lambda x: dropout(x, 1.5, np.random.default_rng(0)), "dropout takes a rate from 0 to 1, this is 1.5"),
        (lambda x: mean_absolute_error(x, x[0]), r"prediction has shape \(4, 3\) and target \(3,\)"),
        (lambda x: huber(x, x, delta=0), "huber takes a delta above 0"),
        (lambda x: smooth_l1(x, x, beta=-1), "smooth_l1 takes a beta from 0 on"),
        (lambda x: binary_cross_entropy(x, x), "takes probabilities from 0 to 1"),
        (lambda x: binary_cross_entropy_with_logits(x, x[0]), r"logits has shape \(4, 3\) and target \(3,\)"),
        (lambda x: negative_log_likelihood(x[0], [1]), r"takes log-probabilities \[samples, classes\]"),
    ],
)
def test_invalid_arguments_are_refused(call: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        call(X)
    with pytest.raises(tracer.UsageError, match=message):
        tracer.trace(call, X)


def test_dropout_keeps_the_mean_and_does_nothing_without_training() -> None:
    x = np.ones(100_000)
    dropped = dropout(x, 0.25, np.random.default_rng(0))
    assert set(dropped.tolist()) == {0.0, 1 / 0.75}
    assert abs(dropped.mean() - 1) < 0.01
    assert dropout(x, 0.25, np.random.default_rng(0), training=False) is x
    assert dropout(x, 0, np.random.default_rng(0)) is x
    assert not dropout(x, 1, np.random.default_rng(0)).any()
    step = tracer.trace(lambda x: np.sum(dropout(x, 0.5, np.random.default_rng(0))), np.ones(4))
    assert step.gradient("x").tolist() == [2, 0, 0, 0]
    assert step.node("mask").value.tolist() == [2, 0, 0, 0]


def test_losses_of_whole_numbers() -> None:
    whole, half = np.array([3, 0], np.uint8), np.array([1.5, 1.0])
    assert mean_absolute_error(whole, half) == mean_absolute_error(half, whole) == 1.25
    assert huber(whole, np.array([5, 1], np.uint8)) == 1.0
    assert binary_cross_entropy_with_logits(np.array([0, 0]), np.array([0, 1])) == pytest.approx(np.log(2))
    assert binary_cross_entropy(np.array([0, 1]), np.array([1, 1])) == 50


def test_binary_cross_entropy_at_the_ends() -> None:
    step = tracer.trace(lambda p: binary_cross_entropy(p, np.array([0, 1, 1])), np.array([0.0, 1.0, 0.5]))
    assert np.all(np.isfinite(step.gradient("p")))
    assert np.isnan(binary_cross_entropy(np.array([np.nan]), np.array([1])))
