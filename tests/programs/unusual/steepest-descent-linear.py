import numpy as np
rng = np.random.RandomState(0)
M = rng.randn(4, 4)
A = M @ M.T + np.eye(4)
b = rng.randn(4)
x = np.zeros(4)
for k in range(20):
    r = b - A @ x
    alpha = r @ r / (r @ A @ r)
    x = x + alpha * r
    error = np.linalg.norm(r)
print(x, error)
