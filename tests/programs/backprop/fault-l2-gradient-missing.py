import numpy as np

class Ridge:
    def __init__(self, lam):
        self.lam = lam

    def fit(self, X, y, lr=0.1, epochs=80):
        n, d = X.shape
        self.w = np.full((d, 1), 0.5)
        self.b = 0.0
        for _ in range(epochs):
            pred = X @ self.w + self.b
            cost = np.sum((pred - y) ** 2) / (2 * n) + self.lam / (2 * n) * np.sum(self.w ** 2)
            dw = X.T @ (pred - y) / n
            db = np.sum(pred - y) / n
            self.w -= lr * dw
            self.b -= lr * db
        return cost

rng = np.random.RandomState(5)
X = rng.randn(18, 3)
y = X @ np.array([[1.0], [2.0], [-1.0]]) + 0.5
print(Ridge(2.0).fit(X, y))
