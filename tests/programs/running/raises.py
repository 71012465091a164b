import numpy as np


def gradient(w, X, y):
    return X.T @ (X @ w - y) / len(y)


X = np.arange(12.0).reshape(6, 2) / 10
y = np.arange(6.0)
w = np.zeros(2)
for epoch in range(10):
    loss = np.mean((X @ w - y) ** 2) / 2
    print(epoch, loss)
    if epoch == 4:
        y = y[:-1]  # shapes part here
    w = w - 0.1 * gradient(w, X, y)
