import numpy as np
rng = np.random.RandomState(0)
R = rng.rand(6, 5)
U = rng.rand(6, 2)
V = rng.rand(5, 2)
for i in range(20):
    E = R - U @ V.T
    U = U + 0.02 * E @ V
    E = R - U @ V.T
    V = V + 0.02 * E.T @ U
    loss = np.sum(E ** 2)
print(loss)
