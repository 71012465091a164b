import numpy as np

rng = np.random.RandomState(61)
X = rng.randn(9, 4) * 2 + 1
t = rng.randn(9, 1)
W = rng.randn(4, 3) * 0.6
gamma = np.ones(3)
beta = np.zeros(3)
v = rng.randn(3, 1)

for k in range(40):
    z = X @ W
    mu = z.mean(axis=0)
    zc = z - mu
    var = (zc ** 2).mean(axis=0)
    inv = 1.0 / np.sqrt(var + 1e-5)
    zh = zc * inv
    out = (gamma * zh + beta) @ v
    loss = 0.5 * np.mean((out - t) ** 2)

    dout = (out - t) / len(X)
    dv = (gamma * zh + beta).T @ dout
    dy = dout @ v.T
    dgamma = (dy * zh).sum(axis=0)
    dbeta = dy.sum(axis=0)
    dzh = dy * gamma
    dinv = (dzh * zc).sum(axis=0)
    dvar = dinv * -0.5 * inv ** 3
    dz = dzh * inv + dvar * 2 * zc / len(X)
    dW = X.T @ dz
    W -= 0.1 * dW
    gamma -= 0.1 * dgamma
    beta -= 0.1 * dbeta
    v -= 0.1 * dv
    if k % 10 == 0:
        print(k, loss)
