import numpy as np
rng = np.random.RandomState(0)
ids = rng.randint(0, 5, (12, 2))
y = rng.randn(12, 1)
E = rng.randn(5, 3) * 0.5
V = rng.randn(6, 1) * 0.5
for e in range(20):
    x = E[ids].reshape(12, 6)
    out = x @ V
    loss = np.mean((out - y) ** 2)
    d = 2 * (out - y) / 12
    dx = d @ V.T
    dE = np.zeros_like(E)
    np.add.at(dE, ids, dx.reshape(12, 2, 3))
    V -= 0.1 * x.T @ d
    E -= 0.1 * dE
print(loss)
