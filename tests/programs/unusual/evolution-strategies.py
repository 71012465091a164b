import numpy as np
rng = np.random.RandomState(0)
target = np.array([0.5, 0.1, -0.3])
w = rng.randn(3)
for i in range(40):
    N = rng.randn(20, 3)
    R = np.array([-np.sum((w + 0.1 * n - target) ** 2) for n in N])
    A = (R - R.mean()) / R.std()
    loss = np.sum((w - target) ** 2)
    w = w + 0.03 / (20 * 0.1) * N.T @ A
print(w, loss)
