import numpy as np
rng = np.random.RandomState(0)
u = rng.rand(20)
for k in range(30):
    old = u.copy()
    u[1:-1] += 0.2 * (u[2:] - 2 * u[1:-1] + u[:-2])
    error = np.sum((u - old) ** 2)
print(u.sum(), error)
