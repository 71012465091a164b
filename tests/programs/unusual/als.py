import numpy as np
rng = np.random.RandomState(0)
R = rng.rand(6, 5)
U = rng.rand(6, 2)
V = rng.rand(5, 2)
for i in range(8):
    U = R @ V @ np.linalg.inv(V.T @ V + 0.1 * np.eye(2))
    V = R.T @ U @ np.linalg.inv(U.T @ U + 0.1 * np.eye(2))
    loss = np.sum((R - U @ V.T) ** 2)
    print(loss)
