import numpy as np

rng = np.random.RandomState(71)
X = rng.randn(50, 3)
y = X @ np.array([[1.0], [-1.0], [0.5]]) + 0.3 * rng.randn(50, 1)
w = np.zeros((3, 1))
w_avg = np.zeros((3, 1))
scale = 1.0
for t in range(1, 61):
    idx = rng.randint(0, 50, 5)
    err = X[idx] @ w - y[idx]
    loss = np.mean(err ** 2)
    g = 2 / 5 * X[idx].T @ err
    norm = np.linalg.norm(g)
    if norm > 1.0:
        g = g / norm
    w = w - 0.1 * g
    w_avg = 0.95 * w_avg + 0.05 * w
    if t % 20 == 0:
        eval_loss = np.mean((X @ w_avg - y) ** 2)
        print(t, loss, eval_loss)
