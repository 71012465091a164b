import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 3)
y = X @ np.ones((3, 1))
W = rng.randn(3, 16) * 0.5
V = rng.randn(16, 1) * 0.5


def predict(X):
    return np.maximum(X @ W, 0) @ V
for i in range(30):
    h = np.maximum(X @ W, 0)
    mask = (rng.rand(*h.shape) > 0.5) / 0.5
    hd = h * mask
    d = 2 * (hd @ V - y) / 20
    dV = hd.T @ d
    dW = X.T @ (d @ V.T * mask * (h > 0))
    W -= 0.02 * dW
    V -= 0.02 * dV
    loss = np.mean((predict(X) - y) ** 2)
    print(loss)
