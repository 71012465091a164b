import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(12, 2)
y = X @ np.ones(2)
w = np.zeros(2)
eps = 1e-05


def cost(w):
    return np.mean((X @ w - y) ** 2)
for i in range(20):
    J = cost(w)
    g = np.array([(cost(w + eps * e) - J) / eps for e in np.eye(2)])
    w = w - 0.1 * g
print(J)
