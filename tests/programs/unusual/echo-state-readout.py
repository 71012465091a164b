import numpy as np
rng = np.random.RandomState(0)
Win = rng.randn(8, 1)
Wr = rng.randn(8, 8) * 0.2
w = np.zeros(8)
s = np.zeros(8)
total = 0
for t in range(60):
    u = np.sin(0.3 * t)
    s = np.tanh(Win[:, 0] * u + Wr @ s)
    y = np.sin(0.3 * (t + 1))
    e = w @ s - y
    total += e ** 2
    w -= 0.1 * e * s
print(total / 60)
