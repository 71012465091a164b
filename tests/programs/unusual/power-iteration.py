import numpy as np
rng = np.random.RandomState(0)
M = rng.rand(4, 4)
M = M + M.T
v = np.ones(4)
for k in range(20):
    w = M @ v
    w = w / np.linalg.norm(w)
    error = np.sum((w - v) ** 2)
    v = w
print(v, error)
