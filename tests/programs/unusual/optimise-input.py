import numpy as np
rng = np.random.RandomState(0)
W = rng.randn(6, 4)
t = rng.randn(6)
x = np.zeros(4)
for i in range(40):
    a = np.tanh(W @ x)
    loss = np.sum((a - t) ** 2) + 0.1 * np.sum(x ** 2)
    x -= 0.01 * (W.T @ (2 * (a - t) * (1 - a ** 2)) + 0.2 * x)
print(x, loss)
