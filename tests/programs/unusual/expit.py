import numpy as np
from scipy.special import expit, softmax, log_softmax
rng = np.random.RandomState(0)
X = rng.randn(12, 3)
y = rng.randint(0, 3, 12)
T = np.eye(3)[y]
W1 = rng.randn(3, 5)
W2 = rng.randn(5, 3)
for i in range(20):
    h = expit(X @ W1)
    p = softmax(h @ W2, axis=1)
    loss = -np.log(p[np.arange(12), y]).mean()
    d = (p - T) / 12
    W2g = h.T @ d
    W1g = X.T @ (d @ W2.T * h * (1 - h))
    W2 -= 0.3 * W2g
    W1 -= 0.3 * W1g
print(loss)
