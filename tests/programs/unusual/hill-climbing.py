import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(12, 2)
y = X @ np.ones(2)
w = np.zeros(2)
best = np.mean((X @ w - y) ** 2)
for i in range(60):
    cand = w + 0.2 * rng.randn(2)
    loss = np.mean((X @ cand - y) ** 2)
    if loss < best:
        w, best = (cand, loss)
print(w, best)
