import numpy as np
rng = np.random.RandomState(0)
Vm = rng.rand(6, 5)
W = rng.rand(6, 2)
H = rng.rand(2, 5)
for i in range(20):
    loss = np.sum((Vm - W @ H) ** 2)
    H *= W.T @ Vm / (W.T @ W @ H + 1e-09)
    W *= Vm @ H.T / (W @ H @ H.T + 1e-09)
print(loss)
