import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(60, 3) * [3, 1, 0.3]
w = rng.randn(3)
w /= np.linalg.norm(w)
for i in range(60):
    x = X[i]
    out = w @ x
    error = np.sum((x - out * w) ** 2)
    w += 0.01 * out * (x - out * w)
print(w, error)
