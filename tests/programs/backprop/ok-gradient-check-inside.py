import numpy as np

def softplus(x):
    return np.log1p(np.exp(x))

def unpack(theta, shapes):
    out, k = [], 0
    for s in shapes:
        n = int(np.prod(s))
        out.append(theta[k:k + n].reshape(s))
        k += n
    return out

shapes = [(3, 2), (3,), (1, 3), (1,)]

def cost(theta, X, y):
    W1, b1, W2, b2 = unpack(theta, shapes)
    h = softplus(X @ W1.T + b1)
    out = h @ W2.T + b2
    return np.mean((out[:, 0] - y) ** 2)

def gradient(theta, X, y):
    W1, b1, W2, b2 = unpack(theta, shapes)
    z = X @ W1.T + b1
    h = softplus(z)
    out = h @ W2.T + b2
    d = (2 * (out[:, 0] - y) / len(y))[:, None]
    dz = d @ W2 / (1 + np.exp(-z))
    return np.concatenate([(dz.T @ X).ravel(), dz.sum(0), (d.T @ h).ravel(), d.sum(0)])

def numerical(theta, X, y, eps=1e-5):
    g = np.zeros_like(theta)
    for i in range(theta.size):
        e = np.zeros_like(theta)
        e[i] = eps
        g[i] = (cost(theta + e, X, y) - cost(theta - e, X, y)) / (2 * eps)
    return g

rng = np.random.RandomState(0)
X, y = rng.randn(10, 2), rng.randn(10)
theta = rng.randn(13) * 0.5
a, n = gradient(theta, X, y), numerical(theta, X, y)
print("relative difference", np.linalg.norm(a - n) / np.linalg.norm(a + n) < 1e-7)
for it in range(30):
    theta = theta - 0.1 * gradient(theta, X, y)
print(cost(theta, X, y))
