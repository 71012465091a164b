"""Dropout: a mask of zeros and twos is drawn in every step, and the gradient passes only where it did not drop a value."""

import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(12, 3))
y = np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:]
W1, b1 = rng.normal(0, 0.5, (3, 8)), np.zeros(8)
W2, b2 = rng.normal(0, 0.5, (8, 1)), np.zeros(1)
keep, learning_rate = 0.5, 0.05

for step in range(40):
    h = np.maximum(0, x @ W1 + b1)
    mask = (rng.random(h.shape) < keep) / keep  # so that the mean of a dropped layer is that of the whole one
    dropped = h * mask
    prediction = dropped @ W2 + b2
    loss = np.mean((prediction - y) ** 2)

    dprediction = 2 * (prediction - y) / y.size
    dW2, db2 = dropped.T @ dprediction, dprediction.sum(axis=0)
    dh = dprediction @ W2.T * mask * (h > 0)
    dW1, db1 = x.T @ dh, dh.sum(axis=0)

    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2

print("loss", loss.round(4))
