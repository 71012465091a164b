import numpy as np

def soft_fit(X, y, lam=0.05, lr=0.05, n_iter=60):
    n, d = X.shape
    w = np.full(d, 0.2)
    b = 0.0
    for k in range(n_iter):
        y_hat = X @ w + b
        cost = np.sum((y - y_hat) ** 2) / (2 * n) + lam * np.sum(np.abs(w))
        dw = -(X.T @ (y - y_hat)) / n + lam * np.sign(w)
        db = -np.sum(y - y_hat) / n
        w = w - lr * dw
        b = b - lr * db
        if k % 20 == 0:
            print("cost:", cost)
    return w, b

rng = np.random.default_rng(4)
X = rng.normal(size=(24, 5))
y = X @ np.array([2.0, 0, 0, -1.0, 0]) + 0.7 + 0.05 * rng.normal(size=24)
print(soft_fit(X, y))
