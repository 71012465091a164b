import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 3)
y = X @ np.ones(3) + 0.1 * rng.randn(20)
for k in range(4):
    test = np.arange(20) % 4 == k
    w, b = (np.zeros(3), 0.0)
    for i in range(15):
        e = X[~test] @ w + b - y[~test]
        w -= 0.1 * X[~test].T @ e / e.size
        b -= 0.1 * e.mean()
    loss = np.mean((X[test] @ w + b - y[test]) ** 2)
    print(k, loss)
