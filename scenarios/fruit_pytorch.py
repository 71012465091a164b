"""Apples and oranges told apart by weight and size, as in PyTorch: a network of 22 parameters, trained with Adam."""

from pathlib import Path

import numpy as np

from tracer import Adam, Report, Scenario
from tracer.data.tables import read_table
from tracer.nn.initializers import linear_uniform
from tracer.nn.layers import dense
from tracer.nn.losses import cross_entropy
from tracer.nn.metrics import accuracy
from tracer.nn.summaries import Layer, pytorch_summary

DATA = Path(__file__).parent / "data"


def fruit():
    """Weight and size of each fruit; the label is 1 for an apple and 0 for an orange."""
    train, test = read_table(DATA / "fruit_train.csv", 3), read_table(DATA / "fruit_test.csv", 3)
    return {
        "x": train[:, :2], "y": train[:, 2].astype(np.int64),
        "x_test": test[:, :2], "y_test": test[:, 2].astype(np.int64),
    }  # fmt: skip


def parameters(rng):
    return {
        "W1": linear_uniform(rng, 2, (2, 4)), "b1": linear_uniform(rng, 2, 4),
        "W2": linear_uniform(rng, 4, (4, 2)), "b2": linear_uniform(rng, 4, 2),
    }  # fmt: skip


def model(x, W1, b1, W2, b2):
    h1 = dense(x, W1, b1)
    logits = dense(h1, W2, b2)
    return logits


def loss(logits, y):
    return cross_entropy(logits, y)


def test_accuracy(x_test, y_test, W1, b1, W2, b2):
    """Accuracy on the test data, in percent."""
    return 100 * accuracy(model(x_test, W1, b1, W2, b2), y_test)


def summary(W1, b1, W2, b2):
    return pytorch_summary([Layer("Linear", (4,), [W1, b1]), Layer("Linear", (2,), [W2, b2])], input_shape=(2,))


def loss_line(epoch, epochs, batch, batches, loss):
    return f"Epoch [{epoch + 1}/{epochs}], Step [{batch + 1}/{batches}], Loss: {loss:.4f}"


def accuracy_line(epoch, epochs, test_accuracy):
    return f"Epoch [{epoch + 1}/{epochs}], Test accuracy: {test_accuracy:.2f} %"


scenario = Scenario(
    data=fruit,
    parameters=parameters,
    model=model,
    loss=loss,
    optimizer=Adam(learning_rate=0.01),
    epochs=6,
    metrics={"test_accuracy": test_accuracy},
    report=Report(start=summary, step=loss_line, epoch=accuracy_line),
)
