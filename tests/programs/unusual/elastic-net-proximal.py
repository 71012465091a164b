import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 4)
y = X @ [1.0, 0, 0, 2.0]
w = np.zeros(4)
lam, lr = (0.05, 0.1)
for i in range(40):
    r = X @ w - y
    loss = 0.5 * np.mean(r ** 2) + lam * np.abs(w).sum()
    w = w - lr * X.T @ r / 20
    w = np.sign(w) * np.maximum(np.abs(w) - lr * lam, 0)
print(w, loss)
