import math
import numpy as np
sigmoid = np.vectorize(lambda t: 1 / (1 + math.exp(-t)))
rng = np.random.RandomState(0)
X = rng.randn(10, 3)
y = (X[:, :1] > 0) * 1.0
W1 = rng.randn(3, 4)
W2 = rng.randn(4, 1)
for i in range(20):
    h = sigmoid(X @ W1)
    p = sigmoid(h @ W2)
    loss = np.mean((p - y) ** 2)
    d2 = 2 * (p - y) / p.size * p * (1 - p)
    d1 = d2 @ W2.T * h * (1 - h)
    W2 -= 0.5 * h.T @ d2
    W1 -= 0.5 * X.T @ d1
print(loss)
