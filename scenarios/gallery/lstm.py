"""An LSTM: gates decide what the cell forgets, takes in and shows, and its state carries gradients back through time."""

import numpy as np

from tracer import Adam, Scenario

TIMES, HIDDEN = 4, 3


def sums(rng):
    x = rng.normal(size=(6, TIMES))
    return {"x": x, "y": np.sum(x, axis=1, keepdims=True)}


def weights(rng):
    drawn = {f"W{gate}": rng.normal(0, 0.5, size=(1 + HIDDEN, HIDDEN)) for gate in "fiog"}
    zeros = {f"b{gate}": np.zeros(HIDDEN) for gate in "fiog"}
    return {**drawn, **zeros, "Wy": rng.normal(0, 0.5, size=(HIDDEN, 1))}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def model(x, Wf, Wi, Wo, Wg, bf, bi, bo, bg, Wy):
    h = c = np.zeros((len(x), HIDDEN))
    for t in range(TIMES):
        seen = np.concatenate([x[:, t : t + 1], h], axis=1)
        f = sigmoid(seen @ Wf + bf)
        i = sigmoid(seen @ Wi + bi)
        o = sigmoid(seen @ Wo + bo)
        g = np.tanh(seen @ Wg + bg)
        c = f * c + i * g
        h = o * np.tanh(c)
    return h @ Wy


def loss(prediction, y):
    return np.mean((prediction - y) ** 2)


scenario = Scenario(data=sums, parameters=weights, model=model, loss=loss, optimizer=Adam(learning_rate=0.05), steps=20)
