import itertools

import numpy as np


def batches(x, y, size, rng):
    while True:
        order = rng.permutation(len(x))
        for start in range(0, len(x), size):
            chosen = order[start:start + size]
            yield x[chosen], y[chosen]


def training(w, stream, lr):
    for x, y in stream:
        error = x @ w - y
        w = w - lr * x.T @ error / len(y)
        received = yield w, 0.5 * (error ** 2).mean()
        if received is not None:
            lr = received


rng = np.random.default_rng(5)
x = rng.normal(size=(20, 3))
y = x @ [1.0, -2.0, 0.5]
run = training(np.zeros(3), batches(x, y, 5, rng), 0.3)
w, loss = next(run)
for step in range(1, 24):
    w, loss = run.send(0.3 / (1 + 0.1 * step))
run.close()
squares = (value ** 2 for value in w)
print(loss, sum(squares), max(w), sorted(w), list(itertools.accumulate(w)))
print([f"{value:.3f}" for value in w], {round(float(value), 1) for value in w})
