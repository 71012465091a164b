"""Steps that are drawn as slides."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import tracer
from support.traces import first_step
from tracer.graph.record import Step
from tracer.nn.attention import attention
from tracer.nn.layers import dense, relu, sigmoid
from tracer.nn.losses import mean_squared_error
from tracer.nn.normalization import layer_norm
from tracer.training.bundled import bundled_names


def trained(model: Any, loss: Any, parameters: dict[str, Any], data: dict[str, Any]) -> Step:
    scenario = tracer.Scenario(
        data=lambda: data, parameters=parameters, model=model, loss=loss, optimizer=tracer.SGD(learning_rate=0.1), steps=1
    )
    return tracer.run(scenario).steps[0]


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def recurrent(x: Any, Wx: Any, Wh: Any, b: Any, Wo: Any) -> Any:
    h = np.zeros((len(x), 3))
    for t in range(5):
        h = np.tanh(x[:, t] @ Wx + h @ Wh + b)
    return h @ Wo


def residual(x: Any, W0: Any, W1: Any, b1: Any) -> Any:
    h = x @ W0
    return h + relu(dense(layer_norm(h), W1, b1))


def attending(x: Any, Wq: Any, Wk: Any, Wv: Any) -> Any:
    return x + attention(x @ Wq, x @ Wk, x @ Wv)


def written_out(x: Any, w1: Any, w2: Any) -> Any:
    """Columns are samples, and everything is written with NumPy's functions alone."""
    h = 1 / (1 + np.exp(-(w1 @ x)))
    z = w2 @ h
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def squared(prediction: Any, y: Any) -> Any:
    return mean_squared_error(prediction, y)


def lstm(x: Any, steps: int, **weights: Any) -> Any:
    """An LSTM written by hand: `W` and `b` of the gates i, f and o and of the new state g, and of the output y."""
    h = c = np.zeros((len(x), 3))
    for t in range(steps):
        z = np.concatenate([x[:, t], h], axis=1)
        i = sigmoid(z @ weights["Wi"] + weights["bi"])
        f = sigmoid(z @ weights["Wf"] + weights["bf"])
        o = sigmoid(z @ weights["Wo"] + weights["bo"])
        g = np.tanh(z @ weights["Wg"] + weights["bg"])
        c = f * c + i * g
        h = o * np.tanh(c)
    return h @ weights["Wy"] + weights["by"]


def lstm_step(steps: int) -> Step:
    """A step of this LSTM over some time steps."""
    shapes = {**{f"W{gate}": (5, 3) for gate in "ifog"}, **{f"b{gate}": (3,) for gate in "ifog"}, "Wy": (3, 1), "by": (1,)}
    parameters = {name: numbers(*shape, seed=seed) for seed, (name, shape) in enumerate(shapes.items())}
    data = {"x": numbers(6, steps, 2), "y": numbers(6, 1)}
    return trained(functools.partial(_lstm, steps), squared, parameters, data)


def _lstm(steps: int, x: Any, Wi: Any, Wf: Any, Wo: Any, Wg: Any, bi: Any, bf: Any, bo: Any, bg: Any, Wy: Any, by: Any) -> Any:
    return lstm(x, steps, Wi=Wi, Wf=Wf, Wo=Wo, Wg=Wg, bi=bi, bf=bf, bo=bo, bg=bg, Wy=Wy, by=by)


def unrepeated_step() -> Step:
    """A step of 400 operations in an order that does not repeat."""
    return trained(_many, squared, {"w": numbers(3), "v": numbers(3)}, {"x": numbers(4, 3), "y": numbers(4, 3)})


def _many(x: Any, w: Any, v: Any) -> Any:
    functions = [np.sin, np.cos, np.tanh, lambda x: x * w, lambda x: x - v, lambda x: x * 0.5]
    for at in np.random.default_rng(0).integers(len(functions), size=400):
        x = functions[at](x)
    return x


@functools.cache
def step_of(name: str) -> Step:
    """A step of a scenario, or of one of the models above."""
    if name == "recurrent":
        weights = {"Wx": numbers(2, 3), "Wh": numbers(3, 3), "b": np.zeros(3), "Wo": numbers(3, 1)}
        return trained(recurrent, squared, weights, {"x": numbers(4, 5, 2), "y": numbers(4, 1)})
    if name == "residual":
        weights = {"W0": numbers(3, 4), "W1": numbers(4, 4, seed=1), "b1": np.zeros(4)}
        return trained(residual, squared, weights, {"x": numbers(6, 3), "y": numbers(6, 4, seed=1)})
    if name == "attention":
        weights = {key: numbers(3, 3, seed=seed) for seed, key in enumerate(("Wq", "Wk", "Wv"))}
        return trained(attending, squared, weights, {"x": numbers(4, 3), "y": numbers(4, 3, seed=1)})
    if name == "columns":
        weights = {"w1": numbers(3, 2), "w2": numbers(2, 3)}
        loss: Any = lambda p, y: -np.mean(np.log(p[y, np.arange(5)]))  # noqa: E731
        return trained(written_out, loss, weights, {"x": numbers(2, 5), "y": np.array([0, 1, 1, 0, 1])})
    if name.startswith("lstm"):
        return lstm_step(int(name.removeprefix("lstm")))
    if name == "function":
        return tracer.trace(lambda x: np.sum(np.sin(x) * 2), np.array([0.5, 1.0, 2.0]))
    return first_step(name)


STEPS = [*bundled_names(), "recurrent", "residual", "attention", "columns", "function", "lstm1", "lstm3"]
