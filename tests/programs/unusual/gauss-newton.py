import numpy as np
rng = np.random.RandomState(0)
x = np.linspace(0, 2, 15)
y = 2 * np.exp(-1.3 * x) + 0.01 * rng.randn(15)
p = np.array([1.0, -0.5])
for i in range(6):
    f = p[0] * np.exp(p[1] * x)
    r = f - y
    loss = 0.5 * r @ r
    Jm = np.stack([np.exp(p[1] * x), p[0] * x * np.exp(p[1] * x)], 1)
    p = p - np.linalg.lstsq(Jm, r, rcond=None)[0]
    print(loss)
