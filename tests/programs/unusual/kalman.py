import numpy as np
rng = np.random.RandomState(0)
x, Pv = (0.0, 1.0)
for k in range(30):
    z = 1.0 + 0.3 * rng.randn()
    Pv = Pv + 0.0001
    K = Pv / (Pv + 0.09)
    error = (z - x) ** 2
    x = x + K * (z - x)
    Pv = (1 - K) * Pv
print(x, error)
