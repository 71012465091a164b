import numpy as np
rng = np.random.RandomState(0)
w = np.zeros(3)
for k in range(40):
    x = rng.randn(3)
    d = x @ [1.0, -0.5, 0.2]
    e = d - w @ x
    mse = e ** 2
    w += 0.5 * e * x / (1e-06 + x @ x)
print(w, mse)
