import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 3)
y = X @ np.ones(3) + 0.1 * rng.randn(20)
w = np.zeros(3)
for i in range(30):
    e = X @ w - y
    rmse = np.sqrt(np.mean(e ** 2))
    r2 = 1 - np.sum(e ** 2) / np.sum((y - y.mean()) ** 2)
    w -= 0.1 * 2 / 20 * X.T @ e
    print(rmse, r2)
