"""A residual block: its input is added to its output, so the gradient has a way around the two layers."""

import numpy as np

from tracer import SGD, Scenario

WIDTH = 4


def points(rng):
    x = rng.normal(size=(8, WIDTH))
    return {"x": x, "y": x + 0.5 * np.tanh(x[:, ::-1])}


def weights(rng):
    return {
        "W1": rng.normal(0, 0.3, size=(WIDTH, WIDTH)),
        "b1": np.zeros(WIDTH),
        "W2": rng.normal(0, 0.3, size=(WIDTH, WIDTH)),
        "b2": np.zeros(WIDTH),
    }


def residual_block(x, W1, b1, W2, b2):
    h = np.maximum(0, x @ W1 + b1)
    return x + h @ W2 + b2


def model(x, W1, b1, W2, b2):
    return residual_block(x, W1, b1, W2, b2)


def loss(prediction, y):
    return np.mean((prediction - y) ** 2)


scenario = Scenario(data=points, parameters=weights, model=model, loss=loss, optimizer=SGD(learning_rate=0.2), steps=20)
