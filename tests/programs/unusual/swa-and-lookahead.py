import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 4)
y = X @ [1.0, 0, 0, 2.0]
w = np.zeros(4)
slow = w.copy()
for i in range(1, 41):
    r = X @ w - y
    loss = np.mean(r ** 2)
    w = w - 0.05 * 2 * X.T @ r / 20
    if i % 5 == 0:
        slow = slow + 0.5 * (w - slow)
        w = slow.copy()
print(w, loss)
