import numpy as np
rng = np.random.RandomState(0)
A = rng.rand(4, 4) + 4 * np.eye(4)
b = rng.rand(4)
x = np.zeros(4)
for k in range(20):
    x_new = x + (b - A @ x) / np.diag(A)
    error = np.linalg.norm(x_new - x)
    x = x_new
print(x, error)
