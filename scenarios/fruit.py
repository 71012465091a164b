"""Apples and oranges told apart by weight and size: a network of 22 parameters, trained with Adam."""

import numpy as np

from tracer import Adam, Scenario
from tracer.layers import dense
from tracer.losses import cross_entropy


def fruit():
    """Weight and size of each fruit; the label is 1 for an apple and 0 for an orange."""
    return {
        "x": [[0.1, 0.2], [0.15, 0.22], [0.12, 0.21], [0.16, 0.22], [0.13, 0.2],
              [0.2, 0.39], [0.3, 0.45], [0.23, 0.4], [0.31, 0.44], [0.26, 0.4]],
        "y": [1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
        "x_test": [[0.11, 0.2], [0.12, 0.22], [0.25, 0.4], [0.27, 0.41]],
        "y_test": [1, 1, 0, 0],
    }  # fmt: skip


def parameters(rng):
    """Uniform in +-1/sqrt(inputs of the layer), as PyTorch initialises a linear layer."""
    bound1, bound2 = 1 / np.sqrt(2), 1 / np.sqrt(4)
    return {
        "W1": rng.uniform(-bound1, bound1, size=(2, 4)),
        "b1": rng.uniform(-bound1, bound1, size=4),
        "W2": rng.uniform(-bound2, bound2, size=(4, 2)),
        "b2": rng.uniform(-bound2, bound2, size=2),
    }


def model(x, W1, b1, W2, b2):
    h1 = dense(x, W1, b1)
    logits = dense(h1, W2, b2)
    return logits


def loss(logits, y):
    return cross_entropy(logits, y)


def test_accuracy(x_test, y_test, W1, b1, W2, b2):
    """Percent of the test fruit whose larger logit is the right one."""
    predicted = np.argmax(model(x_test, W1, b1, W2, b2), axis=1)
    return 100 * np.mean(predicted == y_test)


scenario = Scenario(
    data=fruit,
    parameters=parameters,
    model=model,
    loss=loss,
    optimizer=Adam(learning_rate=0.01),
    epochs=6,
    metrics={"test_accuracy": test_accuracy},
)
