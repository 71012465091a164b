import numpy as np
rng = np.random.RandomState(0)
w = np.zeros(3)
Pm = np.eye(3) * 10
for k in range(40):
    x = rng.randn(3)
    d = x @ [1.0, -0.5, 0.2] + 0.01 * rng.randn()
    e = d - w @ x
    K = Pm @ x / (0.99 + x @ Pm @ x)
    w = w + K * e
    Pm = (Pm - np.outer(K, x @ Pm)) / 0.99
    mse = e ** 2
print(w, mse)
