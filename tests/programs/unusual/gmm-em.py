import numpy as np
rng = np.random.RandomState(0)
X = np.r_[rng.randn(20) - 2, rng.randn(20) + 2]
mu = np.array([-1.0, 1.0])
s = np.ones(2)
pi = np.ones(2) / 2
for t in range(20):
    d = pi * np.exp(-(X[:, None] - mu) ** 2 / (2 * s)) / np.sqrt(2 * np.pi * s)
    ll = np.log(d.sum(1)).sum()
    loss = -ll
    r = d / d.sum(1, keepdims=True)
    n = r.sum(0)
    mu = (r * X[:, None]).sum(0) / n
    s = (r * (X[:, None] - mu) ** 2).sum(0) / n
    pi = n / len(X)
print(mu, loss)
