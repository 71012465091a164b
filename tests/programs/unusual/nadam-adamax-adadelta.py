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
ps = [W1, b1, W2, b2]
m = [np.zeros_like(a) for a in ps]
u = [np.zeros_like(a) for a in ps]
acc = [np.zeros_like(a) for a in ps]
dx = [np.zeros_like(a) for a in ps]
for t in range(1, 31):
    h, p = fwd(X)
    loss = bce(p, y)
    for k, (q, g) in enumerate(zip(ps, grads(X, y, h, p))):
        if t % 2:
            m[k] = 0.9 * m[k] + 0.1 * g
            u[k] = np.maximum(0.999 * u[k], np.abs(g))
            q -= 0.01 / (1 - 0.9 ** t) * m[k] / (u[k] + 1e-08)
        else:
            acc[k] = 0.9 * acc[k] + 0.1 * g * g
            step = np.sqrt(dx[k] + 1e-06) / np.sqrt(acc[k] + 1e-06) * g
            dx[k] = 0.9 * dx[k] + 0.1 * step ** 2
            q -= step
print(loss)
