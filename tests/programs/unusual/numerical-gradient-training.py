import numpy as np
rng = np.random.RandomState(0)
X = rng.randn(10, 2)
t = np.eye(2)[(X[:, 0] > 0).astype(int)]
params = {'W': rng.randn(2, 2) * 0.5, 'b': np.zeros(2)}


def softmax(a):
    a = a - a.max(axis=-1, keepdims=True)
    return np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)


def loss_f():
    y = softmax(X @ params['W'] + params['b'])
    return -np.sum(t * np.log(y + 1e-07)) / 10


def numerical_gradient(f, x):
    h = 0.0001
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=['multi_index'], op_flags=['readwrite'])
    while not it.finished:
        idx = it.multi_index
        tmp = x[idx]
        x[idx] = float(tmp) + h
        f1 = f()
        x[idx] = tmp - h
        f2 = f()
        grad[idx] = (f1 - f2) / (2 * h)
        x[idx] = tmp
        it.iternext()
    return grad
for i in range(10):
    g = {k: numerical_gradient(loss_f, params[k]) for k in params}
    for k in params:
        params[k] -= 0.5 * g[k]
    loss = loss_f()
    print(i, loss)
