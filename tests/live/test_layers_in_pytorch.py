"""Layers and losses against PyTorch: values, and the gradients of every input, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.nn.attention import attention
from tracer.nn.convolution import avg_pool2d, conv2d, max_pool2d
from tracer.nn.layers import embedding
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

torch = pytest.importorskip("torch")
functional = pytest.importorskip("torch.nn.functional")

TOLERANCE = 1e-10
rng = np.random.default_rng(17)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def cell_inputs(gates: int, states: int = 1) -> list[np.ndarray]:
    """x, the state, and the weights of a cell with 3 inputs and 2 hidden units."""
    weights = [normal(gates * 2, 3), normal(gates * 2, 2), normal(gates * 2), normal(gates * 2)]
    return [normal(4, 3), *[normal(4, 2) for _ in range(states)], *weights]


def torch_cell(kind: str, states: int = 1) -> Callable[..., Any]:
    """PyTorch's function of a cell."""
    function = getattr(torch._VF, kind)

    def call(x: Any, *arguments: Any) -> Any:
        state, weights = arguments[:states], arguments[states:]
        return function(x, state if states > 1 else state[0], *weights)

    return call


MEAN, VARIANCE = normal(3), np.exp(normal(3))
LABELS = np.array([2, 0, 1, 1])
TRUTH = np.array([0.0, 1, 1, 0, 1])
ALLOWED = np.array([[True, False, True], [True, True, False], [False, False, True], [True, True, True]])
SOME_ROWS = ALLOWED & np.array([[True], [False], [True], [True]])

CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[np.ndarray]]] = {
    "layer_norm": (layer_norm, lambda x, w, b: functional.layer_norm(x, w.shape, w, b), [normal(4, 5), normal(5), normal(5)]),
    "layer_norm_of_two_axes": (
        lambda x, w, b: layer_norm(x, w, b, axes=2, eps=0.1),
        lambda x, w, b: functional.layer_norm(x, w.shape, w, b, eps=0.1),
        [normal(2, 3, 4), normal(3, 4), normal(3, 4)],
    ),
    "layer_norm_without_weights": (layer_norm, lambda x: functional.layer_norm(x, (5,)), [normal(4, 5)]),
    "batch_norm": (
        batch_norm,
        lambda x, w, b: functional.batch_norm(x, None, None, w, b, training=True),
        [normal(6, 3), normal(3), normal(3)],
    ),
    "batch_norm_of_images": (
        batch_norm,
        lambda x, w, b: functional.batch_norm(x, None, None, w, b, training=True),
        [normal(2, 3, 4, 5), normal(3), normal(3)],
    ),
    "batch_norm_in_use": (
        lambda x, w, b: batch_norm(x, w, b, MEAN, VARIANCE, training=False),
        lambda x, w, b: functional.batch_norm(x, torch.tensor(MEAN), torch.tensor(VARIANCE), w, b, training=False),
        [normal(2, 3, 4), normal(3), normal(3)],
    ),
    "conv2d": (conv2d, functional.conv2d, [normal(2, 3, 6, 5), normal(4, 3, 3, 2), normal(4)]),
    "conv2d_without_bias": (conv2d, functional.conv2d, [normal(1, 1, 3, 3), normal(2, 1, 3, 3)]),
    "conv2d_with_strides_and_padding": (
        lambda x, w, b: conv2d(x, w, b, stride=(2, 1), padding=(1, 2)),
        lambda x, w, b: functional.conv2d(x, w, b, stride=(2, 1), padding=(1, 2)),
        [normal(2, 3, 6, 5), normal(4, 3, 3, 2), normal(4)],
    ),
    "max_pool2d": (lambda x: max_pool2d(x, 2), lambda x: functional.max_pool2d(x, 2), [normal(2, 3, 4, 5)]),
    "max_pool2d_with_overlap_and_padding": (
        lambda x: max_pool2d(x, (3, 2), stride=1, padding=1),
        lambda x: functional.max_pool2d(x, (3, 2), stride=1, padding=1),
        [normal(2, 3, 4, 5)],
    ),
    "max_pool2d_of_equal_numbers": (
        lambda x: max_pool2d(np.clip(x, 0, None), 2),
        lambda x: functional.max_pool2d(functional.relu(x), 2),
        [normal(2, 3, 4, 4) - 1],
    ),
    "avg_pool2d": (lambda x: avg_pool2d(x, 2), lambda x: functional.avg_pool2d(x, 2), [normal(2, 3, 4, 5)]),
    "avg_pool2d_with_overlap_and_padding": (
        lambda x: avg_pool2d(x, 3, stride=2, padding=1),
        lambda x: functional.avg_pool2d(x, 3, stride=2, padding=1),
        [normal(2, 3, 4, 5)],
    ),
    "rnn_cell": (rnn_cell, torch_cell("rnn_tanh_cell"), cell_inputs(1)),
    "lstm_cell": (
        lambda x, h, c, *weights: lstm_cell(x, (h, c), *weights),
        torch_cell("lstm_cell", states=2),
        cell_inputs(4, states=2),
    ),
    "gru_cell": (gru_cell, torch_cell("gru_cell"), cell_inputs(3)),
    "attention": (attention, functional.scaled_dot_product_attention, [normal(2, 4, 3), normal(2, 5, 3), normal(2, 5, 2)]),
    "causal_attention": (
        lambda q, k, v: attention(q, k, v, causal=True),
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        [normal(2, 2, 4, 3), normal(2, 2, 5, 3), normal(2, 2, 5, 2)],
    ),
    "masked_attention": (
        lambda q, k, v: attention(q, k, v, ALLOWED),
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, torch.tensor(ALLOWED)),
        [normal(2, 4, 3), normal(2, 3, 3), normal(2, 3, 2)],
    ),
    "attention_of_a_query_that_sees_nothing": (
        lambda q, k, v: attention(q, k, v, SOME_ROWS),
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, torch.tensor(SOME_ROWS)),
        [normal(4, 3), normal(3, 3), normal(3, 2)],
    ),
    "attention_with_added_scores": (
        attention,
        functional.scaled_dot_product_attention,
        [normal(4, 3), normal(5, 3), normal(5, 2), normal(4, 5)],
    ),
    "embedding": (
        lambda table: embedding(LABELS, table),
        lambda table: functional.embedding(torch.tensor(LABELS), table),
        [normal(3, 2)],
    ),
    "mean_absolute_error": (mean_absolute_error, functional.l1_loss, [normal(5), normal(5)]),
    "huber": (
        lambda p, y: huber(p, y, delta=0.7),
        lambda p, y: functional.huber_loss(p, y, delta=0.7),
        [3 * normal(9), normal(9)],
    ),
    "smooth_l1": (
        lambda p, y: smooth_l1(p, y, beta=0.7),
        lambda p, y: functional.smooth_l1_loss(p, y, beta=0.7),
        [3 * normal(9), normal(9)],
    ),
    "smooth_l1_with_beta_0": (
        lambda p, y: smooth_l1(p, y, beta=0.0),
        lambda p, y: functional.smooth_l1_loss(p, y, beta=0.0),
        [normal(9), normal(9)],
    ),
    "binary_cross_entropy_with_logits": (
        lambda logits: binary_cross_entropy_with_logits(logits, TRUTH),
        lambda logits: functional.binary_cross_entropy_with_logits(logits, torch.tensor(TRUTH)),
        [10 * normal(5)],
    ),
    "binary_cross_entropy_with_logits_of_0": (
        lambda logits: binary_cross_entropy_with_logits(logits, TRUTH),
        lambda logits: functional.binary_cross_entropy_with_logits(logits, torch.tensor(TRUTH)),
        [np.zeros(5)],
    ),
    "binary_cross_entropy": (
        lambda p: binary_cross_entropy(p, TRUTH),
        lambda p: functional.binary_cross_entropy(p, torch.tensor(TRUTH)),
        [rng.uniform(0.05, 0.95, size=5)],
    ),
    "negative_log_likelihood": (
        lambda p: negative_log_likelihood(p, LABELS),
        lambda p: functional.nll_loss(p, torch.tensor(LABELS)),
        [normal(4, 3)],
    ),
}


def results(returned: Any) -> tuple[Any, ...]:
    return tuple(returned) if isinstance(returned, tuple) else (returned,)


@pytest.mark.parametrize("name", CASES)
def test_layers_and_losses_agree_with_pytorch(name: str) -> None:
    mine, its, arrays = CASES[name]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    expected = results(its(*tensors))
    weights = [np.random.default_rng(3).normal(size=tuple(each.shape)) for each in expected]
    sum((each * torch.tensor(weight)).sum() for each, weight in zip(expected, weights, strict=True)).backward()

    def scalar(*arguments: Any) -> Any:
        returned = results(mine(*arguments))
        return sum(np.sum(each * weight) for each, weight in zip(returned, weights, strict=True))

    step = tracer.trace(scalar, *arrays)
    for plain, each in zip(results(mine(*arrays)), expected, strict=True):
        np.testing.assert_allclose(plain, each.detach().numpy(), rtol=TOLERANCE, atol=TOLERANCE)
    found = [step.nodes[step.gradients[node.id]].value for node in step.parameters]
    for gradient, tensor in zip(found, tensors, strict=True):
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=TOLERANCE, atol=TOLERANCE)
