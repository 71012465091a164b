"""Texts of programs that train, as people write them."""

from __future__ import annotations

from pathlib import Path

from tracer.graph.record import Trace
from tracer.programs.gradients.checking import check_program
from tracer.programs.gradients.report import BackpropReport
from tracer.programs.running import run_program
from tracer.programs.steps.finding import find_training
from tracer.programs.steps.trace import trace_of

REGRESSION = """\
\"\"\"A line through points.\"\"\"
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(8, 2))
y = X @ [1.0, -2.0]
W = np.zeros(2)
lr = 0.1
for epoch in range(4):
    pred = X @ W
    loss = np.mean((pred - y) ** 2)
    dW = 2 / 8 * X.T @ (pred - y)
    W -= lr * dW
    print(epoch, loss)
"""

IN_THE_LOSS = """\
import numpy as np
rng = np.random.RandomState(0)
X, t = rng.randn(6, 3), rng.randn(6, 2)
W = rng.randn(3, 2)
def squared_loss(W):
    out = X @ W
    loss = np.sum((out - t) ** 2)
    dW = 2 * X.T @ (out - t) + 0.1 * W
    return loss, dW
for step in range(3):
    loss, grad = squared_loss(W)
    W -= 0.01 * grad
"""
"""The predictions are made by the function of the loss; its gradient has a term too many."""

SCALARS = """\
import math
xs = [0.5, -1.0, 2.0]
ys = [1.0, 0.0, 1.0]
def sigmoid(z):
    return 1 / (1 + math.exp(-z))
w = 0
b = 0
for step in range(6):
    x, y = xs[step % 3], ys[step % 3]
    p = sigmoid(w * x + b)
    loss = (p - y) ** 2
    dz = 2 * (p - y) * p * (1 - p)
    dw = dz * x
    db = dz
    w -= 0.5 * dw
    b -= 0.5 * db
print(w, b)
"""

MOMENTUM = """\
import numpy as np
rng = np.random.RandomState(1)
X = rng.randn(6, 3)
t = rng.randn(6)
theta = np.zeros(3)
v = np.zeros(3)
def cost(theta):
    return np.sum((X @ theta - t) ** 2) / 6
for i in range(6):
    if i % 3 == 0:
        J = cost(theta)
        print(J)
    gradient = 2 * X.T @ (X @ theta - t) / 6
    v = 0.9 * v - 0.05 * gradient
    theta = theta + v
"""

WRONG = """\
import numpy as np
rng = np.random.default_rng(3)
X, y = rng.normal(size=(5, 2)), rng.normal(size=(5, 1))
W1, W2 = rng.normal(size=(2, 3)), rng.normal(size=(3, 1))
for i in range(5):
    h = np.tanh(X @ W1)
    out = h @ W2
    loss = np.mean((out - y) ** 2)
    d_out = 2 * (out - y) / len(X)
    dW2 = h.T @ d_out
    d_h = d_out @ W2.T
    dW1 = X.T @ d_h
    W1 -= 0.1 * dW1
    W2 -= 0.1 * dW2
print(loss)
"""
"""The derivative of tanh is missing in the gradient of W1."""


def trace_of_program(path: Path, *, limit: int | None = None, loss: str | None = None) -> Trace:
    """Run a program, and give its trace."""
    training = find_training(run_program(path, limit=limit), loss)
    assert training is not None
    return trace_of(training)


def report_of(folder: Path, text: str, *, limit: int | None = None, loss: str | None = None) -> BackpropReport:
    """What the check of gradients finds in a program with this text."""
    path = folder / "train.py"
    path.write_text(text)
    return check_program(run_program(path, limit=limit), loss=loss)


def traced(folder: Path, text: str) -> Trace:
    """The trace of the text of a program."""
    path = folder / "train.py"
    path.write_text(text)
    return trace_of_program(path)
