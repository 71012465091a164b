"""Logistic regression: a line between two clouds, and how far each point is on its side. The gradients are written by hand."""

import numpy as np

rng = np.random.default_rng(0)
x = np.concatenate([rng.normal(-1, 1, (10, 2)), rng.normal(1, 1, (10, 2))])
y = np.repeat([0.0, 1.0], 10)
w, b = np.zeros(2), 0.0

for step in range(50):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    error = (p - y) / len(x)
    w -= 0.5 * (x.T @ error)
    b -= 0.5 * np.sum(error)

print("loss", loss.round(4), "right", np.mean((p > 0.5) == y))
