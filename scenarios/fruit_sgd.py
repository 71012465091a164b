"""Apples and oranges told apart by a straight line, as in scikit-learn: StandardScaler and SGDClassifier."""

from pathlib import Path

import numpy as np

from tracer import SGD, EarlyStopping, Report, Scenario
from tracer.data.tables import read_table
from tracer.nn.losses import hinge, l2_penalty
from tracer.nn.schedules import optimal
from tracer.nn.summaries import classification_report

DATA = Path(__file__).parent / "data"


def fruit():
    """Weight and size of each fruit; the label is 1 for an apple and 0 for an orange."""
    train, test = read_table(DATA / "fruit_train.csv", 3), read_table(DATA / "fruit_test.csv", 3)
    return {
        "x": train[:, :2], "y": train[:, 2].astype(np.int8), "x_train": train[:, :2],
        "x_test": test[:, :2], "y_test": test[:, 2].astype(np.int8),
    }  # fmt: skip


def model(x, x_train, w, b):
    """The decision function, positive for apples, on features scaled to mean 0 and standard deviation 1."""
    mean = np.mean(x_train, axis=0)
    scale = np.std(x_train, axis=0)
    scaled = (x - mean) / scale
    decision = scaled @ w + b
    return decision


def loss(decision, y, w, alpha):
    signs = 2 * y - 1
    return hinge(decision, signs) + l2_penalty(w, alpha)


def result(x_test, y_test, x_train, w, b):
    predicted = np.where(model(x_test, x_train, w, b) > 0, 1, 0)
    error = np.mean((y_test - predicted) ** 2)
    return f"Mean squared error: {error}\n{classification_report(y_test, predicted)}"


scenario = Scenario(
    data=fruit,
    parameters={"w": np.zeros(2), "b": 0.0},
    model=model,
    loss=loss,
    optimizer=SGD(learning_rate=optimal),
    epochs=1000,
    batch_size=1,
    batched=["x", "y"],
    shuffle=True,
    settings={"alpha": 1e-4},
    stopping=EarlyStopping(monitor="loss", tolerance=1e-3, patience=5),
    report=Report(end=result),
)
