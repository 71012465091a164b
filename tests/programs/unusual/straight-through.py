import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 3)
y = X @ np.array([[1.0], [-1.0], [1.0]])
W = rng.randn(3, 1) * 0.5
for i in range(30):
    Wb = np.sign(W)
    out = X @ Wb
    loss = np.mean((out - y) ** 2)
    dWb = X.T @ (2 * (out - y) / 20)
    W -= 0.05 * dWb * (np.abs(W) <= 1)
print(loss)
