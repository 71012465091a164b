import numpy as np

rng = np.random.RandomState(1)
X = rng.randn(9, 2)
Y = X @ np.array([0.7, -1.1]) + 0.2

w = np.zeros(2)
b = np.zeros(1)
dw = np.zeros_like(w)
db = np.zeros_like(b)
for epoch in range(20):
    loss = 0
    for x, y in zip(X, Y):
        err = w @ x + b - y
        loss += err[0] ** 2 / len(X)
        dw += 2 * err * x / len(X)
        db += 2 * err / len(X)
    w -= 0.02 * dw
    b -= 0.02 * db
    print(epoch, loss)
