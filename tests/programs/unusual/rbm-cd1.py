import numpy as np
rng = np.random.RandomState(0)
data = (rng.rand(30, 6) > 0.5).astype(float)
W = rng.randn(6, 3) * 0.1
a = np.zeros(6)
b = np.zeros(3)


def sig(z):
    return 1 / (1 + np.exp(-z))
for epoch in range(20):
    error = 0
    for s in range(0, 30, 10):
        v0 = data[s:s + 10]
        h0 = sig(v0 @ W + b)
        hs = (rng.rand(*h0.shape) < h0).astype(float)
        v1 = sig(hs @ W.T + a)
        h1 = sig(v1 @ W + b)
        W += 0.1 * (v0.T @ h0 - v1.T @ h1) / 10
        a += 0.1 * (v0 - v1).mean(0)
        b += 0.1 * (h0 - h1).mean(0)
        error += np.sum((v0 - v1) ** 2)
    print(epoch, error)
