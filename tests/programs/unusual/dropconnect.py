import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 3)
y = X @ np.ones((3, 1))
W = rng.randn(3, 6) * 0.5
V = rng.randn(6, 1) * 0.5
for i in range(30):
    mask = rng.rand(*W.shape) > 0.3
    h = np.maximum(X @ (W * mask), 0)
    out = h @ V
    loss = np.mean((out - y) ** 2)
    d = 2 * (out - y) / 20
    dV = h.T @ d
    dW = X.T @ (d @ V.T * (h > 0)) * mask
    W -= 0.05 * dW
    V -= 0.05 * dV
print(loss)
