"""Batch normalization: every feature gets mean 0 and variance 1 over the batch, so each sample's gradient depends on all."""

import numpy as np

from tracer import SGD, Scenario


def points(rng):
    x = rng.normal(size=(8, 3)) * np.array([1.0, 10.0, 0.1])
    return {"x": x, "y": np.sign(x[:, :1]) + x[:, 1:2] / 10}


def weights(rng):
    return {
        "W1": rng.normal(0, 0.5, size=(3, 4)),
        "gamma": np.ones(4),
        "beta": np.zeros(4),
        "W2": rng.normal(0, 0.5, size=(4, 1)),
        "b2": np.zeros(1),
    }


def batch_norm(z, gamma, beta):
    mean = np.mean(z, axis=0)
    variance = np.mean((z - mean) ** 2, axis=0)
    return gamma * (z - mean) / np.sqrt(variance + 1e-5) + beta


def model(x, W1, gamma, beta, W2, b2):
    h = np.maximum(0, batch_norm(x @ W1, gamma, beta))
    return h @ W2 + b2


def loss(prediction, y):
    return np.mean((prediction - y) ** 2)


scenario = Scenario(data=points, parameters=weights, model=model, loss=loss, optimizer=SGD(learning_rate=0.1), steps=20)
