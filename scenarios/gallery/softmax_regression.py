"""Softmax regression: three classes, one score each, and the probability of each class from the scores."""

import numpy as np

from tracer import SGD, Scenario


def clouds(rng):
    centres = np.array([[0.0, 1.5], [-1.5, -1.0], [1.5, -1.0]])
    labels = np.repeat([0, 1, 2], 4)
    return {"x": centres[labels] + rng.normal(0, 0.5, size=(12, 2)), "y": np.eye(3)[labels]}


def model(x, W, b):
    scores = x @ W + b
    exponentials = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return exponentials / np.sum(exponentials, axis=1, keepdims=True)


def loss(prediction, y):
    return -np.mean(np.sum(y * np.log(prediction), axis=1))


scenario = Scenario(
    data=clouds,
    parameters={"W": np.zeros((2, 3)), "b": np.zeros(3)},
    model=model,
    loss=loss,
    optimizer=SGD(learning_rate=0.5),
    steps=20,
)
