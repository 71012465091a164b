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
for i in range(30):
    h, p = fwd(X)
    q = np.clip(p, 0.05, 0.95)
    loss = bce(q, y)
    g = grads(X, y, h, p)
    W1 -= 0.5 * g[0]
    b1 -= 0.5 * g[1]
    W2 -= 0.5 * g[2]
    b2 -= 0.5 * g[3]
print(loss)
