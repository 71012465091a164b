import sys

import numpy as np

rate = float(input("learning rate: "))
rows = [list(map(float, line.split())) for line in sys.stdin if line.strip()]
data = np.array(rows)
w = np.zeros(data.shape[1] - 1)
for _ in range(10):
    residual = data[:, :-1] @ w - data[:, -1]
    loss = (residual ** 2).mean()
    w -= rate * 2 * data[:, :-1].T @ residual / len(data)
print("w =", w, "loss =", loss)
