import numpy as np
rng = np.random.RandomState(0)
M = rng.randn(5, 5)
A = M @ M.T + np.eye(5)
b = rng.randn(5)
x = np.zeros(5)
r = b - A @ x
p = r.copy()
for k in range(5):
    alpha = r @ r / (p @ A @ p)
    x = x + alpha * p
    rn = r - alpha * A @ p
    beta = rn @ rn / (r @ r)
    p = rn + beta * p
    r = rn
    error = np.linalg.norm(r)
    print(k, error)
