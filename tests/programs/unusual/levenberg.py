import numpy as np
rng = np.random.RandomState(0)
x = np.linspace(0, 2, 15)
y = 2 * np.exp(-1.3 * x) + 0.01 * rng.randn(15)
p = np.array([1.0, -0.5])
lam = 0.1
for i in range(10):
    f = p[0] * np.exp(p[1] * x)
    r = f - y
    error = np.sum(r ** 2)
    Jm = np.stack([np.exp(p[1] * x), p[0] * x * np.exp(p[1] * x)], 1)
    H = Jm.T @ Jm + lam * np.eye(2)
    p = p - np.linalg.inv(H) @ Jm.T @ r
print(p, error)
