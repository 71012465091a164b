import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 3)
y = (X[:, :1] * X[:, 1:2] > 0).astype(float)
W1 = rng.randn(3, 5) * 0.7
b1 = np.zeros(5)
W2 = rng.randn(5, 1) * 0.7
b2 = np.zeros(1)


def sig(z):
    return 1 / (1 + np.exp(-z))


def fwd(X):
    h = np.tanh(X @ W1 + b1)
    return (h, sig(h @ W2 + b2))


def bce(p, y):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def grads(X, y, h, p):
    d = (p - y) / len(X)
    dh = d @ W2.T * (1 - h * h)
    return (X.T @ dh, dh.sum(0), h.T @ d, d.sum(0))
lr = 1.0
last = np.inf
for t in range(30):
    h, p = fwd(X)
    loss = bce(p, y)
    g = grads(X, y, h, p)
    old = (W1.copy(), b1.copy(), W2.copy(), b2.copy())
    while True:
        W1, b1, W2, b2 = (old[0] - lr * g[0], old[1] - lr * g[1], old[2] - lr * g[2], old[3] - lr * g[3])
        if bce(fwd(X)[1], y) < loss or lr < 1e-06:
            break
        lr *= 0.5
    lr *= 1.5
print(loss)
