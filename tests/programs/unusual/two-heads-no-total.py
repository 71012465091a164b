import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 3)
y1 = X @ np.ones((3, 1))
y2 = (X[:, :1] > 0) * 1.0
W = rng.randn(3, 4) * 0.5
A = rng.randn(4, 1) * 0.5
B = rng.randn(4, 1) * 0.5
for i in range(30):
    h = np.tanh(X @ W)
    o1 = h @ A
    o2 = 1 / (1 + np.exp(-h @ B))
    loss1 = np.mean((o1 - y1) ** 2)
    loss2 = -np.mean(y2 * np.log(o2) + (1 - y2) * np.log(1 - o2))
    d1 = 2 * (o1 - y1) / 20
    d2 = 0.5 * (o2 - y2) / 20
    dh = (d1 @ A.T + d2 @ B.T) * (1 - h ** 2)
    A -= 0.1 * h.T @ d1
    B -= 0.1 * h.T @ d2
    W -= 0.1 * X.T @ dh
    print(loss1, loss2)
