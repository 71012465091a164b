"""Apples and oranges told apart by weight and size, as in Keras: relu, softmax, and the loss on the logits."""

from pathlib import Path

import numpy as np

from tracer import Checkpoint, KerasAdam, Report, Scenario
from tracer.data.tables import read_table
from tracer.nn.initializers import glorot_uniform
from tracer.nn.layers import dense, one_hot, relu, softmax
from tracer.nn.losses import categorical_cross_entropy
from tracer.nn.metrics import accuracy
from tracer.nn.summaries import Layer, keras_epoch, keras_summary

DATA = Path(__file__).parent / "data"
WARNING = """\
Warning: "`categorical_crossentropy` received `from_logits=True`, but the `output` argument was produced by a Softmax
activation and thus does not represent logits. Was this intended?"
It means: the loss is computed from the numbers before the softmax, so that the softmax counts once and not twice."""


def fruit():
    """Weight and size of each fruit; class 0 is an apple (one-hot [1, 0]), class 1 an orange ([0, 1])."""
    train, test = read_table(DATA / "fruit_train.csv", 3), read_table(DATA / "fruit_test.csv", 3)
    return {
        "x": train[:, :2], "y": 1 - train[:, 2].astype(np.int64),
        "x_test": test[:, :2], "y_test": 1 - test[:, 2].astype(np.int64),
    }  # fmt: skip


def parameters(rng):
    return {
        "W1": glorot_uniform(rng, 2, 4), "b1": np.zeros(4),
        "W2": glorot_uniform(rng, 4, 2), "b2": np.zeros(2),
    }  # fmt: skip


def model(x, W1, b1, W2, b2):
    h1 = relu(dense(x, W1, b1))
    logits = dense(h1, W2, b2)
    probabilities = softmax(logits)
    return {"logits": logits, "probabilities": probabilities}


def loss(logits, y):
    target = one_hot(y, 2)
    return categorical_cross_entropy(logits, target)


def summary(W1, b1, W2, b2):
    layers = [Layer("Dense", (4,), [W1, b1]), Layer("Dense", (2,), [W2, b2])]
    return f"{keras_summary(layers)}\n{WARNING}"


def epoch_lines(epoch, epochs, batches, loss, accuracy, val_loss, val_accuracy):
    # The order of Keras 2, which the course uses; Keras 3 sorts the fields by name.
    measured = {"loss": loss, "accuracy": accuracy, "val_loss": val_loss, "val_accuracy": val_accuracy}
    return keras_epoch(epoch, epochs, batches, measured)


scenario = Scenario(
    data=fruit,
    parameters=parameters,
    model=model,
    loss=loss,
    optimizer=KerasAdam(learning_rate=0.01),
    epochs=6,
    batch_size=10,
    dtype="float32",
    metrics={"accuracy": lambda probabilities, y: accuracy(probabilities, y)},
    validation={"x": "x_test", "y": "y_test"},
    checkpoint=Checkpoint(monitor="val_accuracy", mode="max"),
    report=Report(start=summary, epoch=epoch_lines),
)
