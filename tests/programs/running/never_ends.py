import numpy as np

rng = np.random.default_rng(0)
w = np.zeros(4)
step = 0
while True:
    x = rng.normal(size=4)
    y = x.sum()
    error = w @ x - y
    loss = error ** 2
    w -= 0.01 * 2 * error * x
    step += 1
