"""A line through some points."""

import numpy as np

from tracer import SGD, Scenario


def points(rng):
    """What the model is trained on. Its arrays are given to the model and the loss by name."""
    x = rng.uniform(-1, 1, size=(8, 1))
    return {"x": x, "y": 3 * x + 1 + rng.normal(0, 0.1, size=(8, 1))}


def weights(rng):
    """The initial values of what is trained."""
    return {"W": rng.normal(0, 0.5, size=(1, 1)), "b": np.zeros(1)}


def model(x, W, b):
    """The prediction, in plain NumPy."""
    return x @ W + b


def loss(prediction, y):
    """One number that training makes smaller."""
    return np.mean((prediction - y) ** 2)


scenario = Scenario(data=points, parameters=weights, model=model, loss=loss, optimizer=SGD(learning_rate=0.5), steps=10)
