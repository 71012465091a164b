"""XOR: two layers learn what no straight line separates. The gradients are written by hand."""

import numpy as np

rng = np.random.default_rng(1)
x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([[0.0], [1.0], [1.0], [0.0]])
W1, b1 = rng.normal(0, 1, (2, 4)), np.zeros(4)
W2, b2 = rng.normal(0, 1, (4, 1)), np.zeros(1)
learning_rate = 2.0

for epoch in range(100):
    h = np.tanh(x @ W1 + b1)
    p = 1 / (1 + np.exp(-(h @ W2 + b2)))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    dz = (p - y) / len(x)
    dW2, db2 = h.T @ dz, dz.sum(axis=0)
    dh = dz @ W2.T * (1 - h**2)
    dW1, db1 = x.T @ dh, dh.sum(axis=0)

    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2

print("loss", loss.round(4), "answers", p.round().ravel())
