"""Steps with loops of several shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tracer
from tracer.graph.record import Step
from tracer.nn.layers import dense, relu


def rnn(count: int) -> Step:
    """A recurrent network with an output at every iteration."""

    def function(x: Any, Wxh: Any, Whh: Any, Why: Any) -> Any:
        h, outputs = np.zeros(3), []
        for t in range(count):
            h = np.tanh(x[t] @ Wxh + h @ Whh)
            outputs.append(h @ Why)
        return np.mean((np.stack(outputs) - x[:, 0]) ** 2)

    rng = np.random.default_rng(0)
    return tracer.trace(function, *(rng.normal(0, 0.3, shape) for shape in ((count, 2), (2, 3), (3, 3), (3,))))


def comprehension(count: int) -> Step:
    """A loop without a state."""
    return tracer.trace(lambda x, w: np.sum(np.stack([np.tanh(x * w[k]) for k in range(count)])), [0.5, 1.0], np.ones(count))


def through_a_list(count: int) -> Step:
    """A loop over a list of parameters, all of which are inputs of their own."""

    def function(x: Any, *weights: Any) -> Any:
        for weight in weights:
            x = np.tanh(x @ weight) + x
        return np.sum(x)

    rng = np.random.default_rng(0)
    return tracer.trace(function, rng.normal(size=(2, 3)), *(rng.normal(0, 0.3, (3, 3)) for _ in range(count)))


def nested(count: int) -> Step:
    """An inner loop whose length depends on the iteration of the outer one."""

    def function(x: Any, w: Any) -> Any:
        total = 0.0
        for outer in range(count):
            h = x * 0.5
            for _ in range(5 + outer % 3):
                h = np.tanh(h * w)
            total = total + np.sum(h)
        return total

    return tracer.trace(function, [0.5, 1.0], 1.5)


def alternating(count: int) -> Step:
    """Every third iteration has another operation."""

    def function(x: Any, w: Any) -> Any:
        for k in range(count):
            x = np.tanh(x * w)
            if k % 3 == 0:
                x = x - 0.1
        return np.sum(x)

    return tracer.trace(function, [0.5, 1.0], 1.5)


def irregular(count: int) -> Step:
    """Some iterations have other operations, by chance."""
    rng = np.random.default_rng(1)

    def function(x: Any, w: Any) -> Any:
        for _ in range(count):
            x = np.tanh(x * w)
            if rng.random() < 0.5:
                x = np.exp(x) - 1
            if rng.random() < 0.2:
                x = x * w
        return np.sum(x)

    return tracer.trace(function, [0.5, 1.0], 1.5)


def growing(count: int) -> Step:
    """Every iteration makes an array one element longer."""

    def function(x: Any, w: Any) -> Any:
        for _ in range(count):
            x = np.concatenate([x, np.tanh(x[-1:] * w)])
        return np.sum(x)

    return tracer.trace(function, [0.5, 1.0], 1.5)


def scoped(count: int) -> Step:
    """Layers in functions, with shared parameters."""

    def function(x: Any, W: Any, b: Any) -> Any:
        for _ in range(count):
            x = relu(dense(x, W, b))
        return np.sum(x)

    rng = np.random.default_rng(0)
    return tracer.trace(function, rng.normal(size=(2, 3)), rng.normal(0, 0.5, (3, 3)), np.ones(3))


LOOPS: dict[str, Callable[[int], Step]] = {
    loop.__name__: loop for loop in (rnn, comprehension, through_a_list, nested, alternating, irregular, growing, scoped)
}
