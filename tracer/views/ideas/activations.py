"""Activations: functions of one value with a rule of their own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from tracer.views.ideas.ideas import Case, Idea, sigmoid, softmax

EXPONENTIALS = frozenset({"exp", "softmax", "_softmax", "log_softmax", "_log_softmax", "logsumexp", "logaddexp"})

RELU = Idea(
    "relu", "max({x}, 0)", "g * ({x} > 0)", lambda x, y: np.maximum(x, 0), lambda x, y, out, g: g * (x > 0),
    frozenset({"clip", "maximum", "relu", "where", "clamp", "clamp_min", "multiply", "mul", "fmax", "threshold"}),
)  # fmt: skip

TANH = Idea(
    "tanh", "tanh({x})", "g * (1 - {out} ** 2)", lambda x, y: np.tanh(x), lambda x, y, out, g: g * (1 - out**2),
    frozenset({"tanh", "exp", "expm1"}),
)  # fmt: skip

SIGMOID = Idea(
    "sigmoid", "1 / (1 + exp(-{x}))", "g * {out} * (1 - {out})",
    lambda x, y: sigmoid(x), lambda x, y, out, g: g * out * (1 - out),
    frozenset({"exp", "tanh", "sigmoid", "expit", "logaddexp"}),
)  # fmt: skip


def _softmax(axis: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return softmax(x, axis)


def _log_softmax(axis: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(softmax(x, axis)))


def _softmax_gradient(axis: int, x: np.ndarray, y: np.ndarray, out: np.ndarray, g: np.ndarray) -> np.ndarray:
    return np.asarray(out * (g - (g * out).sum(axis=axis, keepdims=True)))


def _log_softmax_gradient(axis: int, x: np.ndarray, y: np.ndarray, out: np.ndarray, g: np.ndarray) -> np.ndarray:
    return np.asarray(g - np.exp(out) * g.sum(axis=axis, keepdims=True))


def _normalised(axis: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True) + 1e-5))


def activations(case: Case) -> Iterator[Idea]:
    """The activations that a value may be of: along the last axis, or along the first."""
    if case.x.shape != case.out.shape:
        return
    yield from (RELU, TANH, SIGMOID)
    for axis in dict.fromkeys((-1, 0 if case.x.ndim > 1 else -1)) if case.x.ndim else ():
        yield Idea(
            "softmax", "exp({x}) / sum(exp({x}))", "{out} * (g - sum(g * {out}))", partial(_softmax, axis),
            partial(_softmax_gradient, axis), EXPONENTIALS,
        )  # fmt: skip
        yield Idea(
            "log-softmax", "log(softmax({x}))", "g - softmax({x}) * sum(g)", partial(_log_softmax, axis),
            partial(_log_softmax_gradient, axis), EXPONENTIALS,
        )  # fmt: skip
        yield Idea(
            "normalisation", "({x} - mean) / std", "", partial(_normalised, axis), lambda x, y, out, g: g,
            frozenset({"sqrt", "std", "var", "rsqrt", "native_layer_norm", "native_batch_norm", "power"}),
        )  # fmt: skip
