import math
import numpy as np
act = np.vectorize(lambda t: max(0.0, t))
rng = np.random.RandomState(0)
X = rng.randn(10, 3)
y = (X[:, :1] > 0) * 1.0
W1 = rng.randn(3, 4)
W2 = rng.randn(4, 1)
b = np.zeros(1)
for i in range(20):
    h = act(X @ W1)
    p = h @ W2 + b + X[:, :1] @ W1[:1, :1]
    loss = np.mean((p - y) ** 2)
    d2 = 2 * (p - y) / p.size
    d1 = d2 @ W2.T * (h > 0)
    dW1 = X.T @ d1
    dW1[:1, :1] += X[:, :1].T @ d2
    W2 -= 0.1 * h.T @ d2
    b -= 0.1 * d2.sum(0)
    W1 -= 0.1 * dW1
print(loss)
