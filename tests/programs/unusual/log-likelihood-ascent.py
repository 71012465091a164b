import numpy as np
rng = np.random.RandomState(0)
X = np.c_[np.ones(20), rng.randn(20, 2)]
y = (rng.rand(20) > 0.5) * 1.0
w = np.zeros(3)
for i in range(30):
    s = X @ w
    ll = np.sum(y * s - np.log(1 + np.exp(s)))
    w += 0.05 * X.T @ (y - 1 / (1 + np.exp(-s)))
    print('log likelihood', ll)
