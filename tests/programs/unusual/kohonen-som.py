import numpy as np
rng = np.random.RandomState(0)
X = rng.rand(40, 2)
M = rng.rand(5, 2)
for t in range(40):
    x = X[t]
    dist = ((M - x) ** 2).sum(1)
    win = np.argmin(dist)
    error = dist[win]
    lr = 0.5 * (1 - t / 40)
    nb = np.exp(-(np.arange(5) - win) ** 2 / 2.0)
    M += lr * nb[:, None] * (x - M)
print(M, error)
