import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(20, 3)
y = X @ np.ones(3)


def run(kind):
    w = np.zeros(3)
    v = np.zeros(3)
    for t in range(15):
        r = X @ w - y
        loss = np.mean(r ** 2)
        g = 2 * X.T @ r / 20
        if kind == 'sgd':
            w = w - 0.1 * g
        elif kind == 'momentum':
            v = 0.9 * v + g
            w = w - 0.02 * v
        else:
            v = 0.9 * v + 0.1 * g * g
            w = w - 0.05 * g / np.sqrt(v + 1e-08)
    return loss
for kind in ('sgd', 'momentum', 'rmsprop'):
    print(kind, run(kind))
