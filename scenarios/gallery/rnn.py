"""A recurrent network: the same weights in every step of time, so the gradient of a weight is a sum over time."""

import numpy as np

from tracer import Adam, Scenario

TIMES, HIDDEN = 5, 3


def waves(rng):
    start = rng.uniform(0, 2 * np.pi, size=(6, 1))
    values = np.sin(start + 0.7 * np.arange(TIMES + 1))
    return {"x": values[:, :-1], "y": values[:, -1:]}


def weights(rng):
    return {
        "Wx": rng.normal(0, 0.5, size=(1, HIDDEN)),
        "Wh": rng.normal(0, 0.5, size=(HIDDEN, HIDDEN)),
        "b": np.zeros(HIDDEN),
        "Wy": rng.normal(0, 0.5, size=(HIDDEN, 1)),
    }


def model(x, Wx, Wh, b, Wy):
    h = np.zeros((len(x), HIDDEN))
    for t in range(TIMES):
        h = np.tanh(x[:, t : t + 1] @ Wx + h @ Wh + b)
    return h @ Wy


def loss(prediction, y):
    return np.mean((prediction - y) ** 2)


scenario = Scenario(data=waves, parameters=weights, model=model, loss=loss, optimizer=Adam(learning_rate=0.05), steps=20)
