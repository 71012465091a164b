"""Programs that train, each in a way of its own, for tests of records that have not all steps."""

from __future__ import annotations

_DATA = """\
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(8, 3))
y = x @ np.array([1.0, -2.0, 0.5])
"""

_START = _DATA + "w = np.zeros(3)\n"

STEPS = 12

GAPPED_PROGRAMS = {
    "loss before the update": _START
    + """\
for step in range(12):
    loss = np.mean((x @ w - y) ** 2)
    dw = 2 * x.T @ (x @ w - y) / 8
    w = w - 0.1 * dw
""",
    "loss after the update": _START
    + """\
for step in range(12):
    dw = 2 * x.T @ (x @ w - y) / 8
    w = w - 0.1 * dw
    loss = np.mean((x @ w - y) ** 2)
    print(loss)
""",
    "loss not kept": _START
    + """\
for step in range(12):
    error = x @ w - y
    w = w - 0.1 * 2 / 8 * x.T @ error
""",
    "loss now and then": _START
    + """\
for step in range(12):
    prediction = x @ w
    if step % 4 == 0:
        loss = np.mean((prediction - y) ** 2)
    dw = 2 * x.T @ (prediction - y) / 8
    w = w - 0.1 * dw
""",
    "in place": _START
    + """\
for step in range(12):
    loss = np.mean((x @ w - y) ** 2)
    dw = 2 * x.T @ (x @ w - y) / 8
    w -= 0.1 * dw
""",
    "while": _START
    + """\
step = 0
while step < 12:
    loss = np.mean((x @ w - y) ** 2)
    w = w - 0.1 * (2 * x.T @ (x @ w - y) / 8)
    step += 1
""",
    "functions": _DATA
    + """\
def loss_of(w):
    return np.mean((x @ w - y) ** 2)

def gradient(w):
    return 2 * x.T @ (x @ w - y) / 8

def train(w, rate=0.1):
    for step in range(12):
        loss = loss_of(w)
        w = w - rate * gradient(w)
    return w

train(np.zeros(3))
""",
    "a class": _DATA
    + """\
class Line:
    def __init__(self):
        self.w, self.b = np.zeros(3), 0.0

    def forward(self, x):
        return x @ self.w + self.b

    def step(self, x, y, rate):
        error = self.forward(x) - y
        self.loss = np.mean(error ** 2)
        self.w = self.w - rate * 2 * x.T @ error / 8
        self.b = self.b - rate * 2 * np.mean(error)

model = Line()
for step in range(12):
    model.step(x, y, 0.1)
""",
    "slots": _DATA
    + """\
class Line:
    __slots__ = ("w",)

    def __init__(self):
        self.w = np.zeros(3)

model = Line()
for step in range(12):
    error = x @ model.w - y
    loss = np.mean(error ** 2)
    model.w = model.w - 0.2 * x.T @ error / 8
""",
    "a dict": _DATA
    + """\
params = {"w": np.zeros(3), "b": np.zeros(1)}
for step in range(12):
    error = x @ params["w"] + params["b"] - y
    loss = np.mean(error ** 2)
    grads = {"w": 2 * x.T @ error / 8, "b": 2 * np.mean(error, keepdims=True)}
    params = {name: params[name] - 0.1 * grads[name] for name in params}
""",
    "a list of layers": _DATA
    + """\
weights = [rng.normal(size=(3, 4)), rng.normal(size=(4, 1))]
target = y[:, None]
for step in range(12):
    hidden = np.tanh(x @ weights[0])
    error = hidden @ weights[1] - target
    loss = np.mean(error ** 2)
    d1 = hidden.T @ (2 * error / 8)
    d0 = x.T @ ((2 * error / 8) @ weights[1].T * (1 - hidden ** 2))
    for place, gradient in enumerate([d0, d1]):
        weights[place] = weights[place] - 0.1 * gradient
""",
    "a tuple": _DATA
    + """\
def update(params, error):
    w, b = params
    return w - 0.2 * x.T @ error / 8, b - 0.2 * np.mean(error)

params = np.zeros(3), 0.0
for step in range(12):
    w, b = params
    error = x @ w + b - y
    loss = np.mean(error ** 2)
    params = update(params, error)
""",
    "two layers": _DATA
    + """\
W1, b1, W2, b2 = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 1)), np.zeros(1)
target = y[:, None]
for step in range(12):
    h = np.tanh(x @ W1 + b1)
    p = h @ W2 + b2
    loss = np.mean((p - target) ** 2)
    dp = 2 * (p - target) / 8
    dW2, db2 = h.T @ dp, dp.sum(axis=0)
    dh = dp @ W2.T * (1 - h ** 2)
    dW1, db1 = x.T @ dh, dh.sum(axis=0)
    W1, b1 = W1 - 0.1 * dW1, b1 - 0.1 * db1
    W2, b2 = W2 - 0.1 * dW2, b2 - 0.1 * db2
""",
    "momentum": _START
    + """\
v = np.zeros(3)
for step in range(12):
    loss = np.mean((x @ w - y) ** 2)
    dw = 2 * x.T @ (x @ w - y) / 8
    v = 0.9 * v + dw
    w = w - 0.02 * v
""",
    "Adam in closures": _DATA
    + """\
def adam(rate):
    m, v, t = 0.0, 0.0, 0

    def update(w, gradient):
        nonlocal m, v, t
        t += 1
        m = 0.9 * m + 0.1 * gradient
        v = 0.99 * v + 0.01 * gradient ** 2
        return w - rate * (m / (1 - 0.9 ** t)) / (np.sqrt(v / (1 - 0.99 ** t)) + 1e-8)

    return update

update = adam(0.1)
w = np.zeros(3)
for step in range(12):
    loss = np.mean((x @ w - y) ** 2)
    w = update(w, 2 * x.T @ (x @ w - y) / 8)
""",
    "minibatches": _START
    + """\
for epoch in range(6):
    order = rng.permutation(8)
    for start in range(0, 8, 4):
        rows = order[start:start + 4]
        xb, yb = x[rows], y[rows]
        error = xb @ w - yb
        loss = np.mean(error ** 2)
        w = w - 0.1 * 2 * xb.T @ error / 4
""",
    "a generator of batches": _START
    + """\
def batches():
    for epoch in range(6):
        order = rng.permutation(8)
        xs, ys = x[order], y[order]
        for start in range(0, 8, 4):
            yield xs[start:start + 4], ys[start:start + 4]

for xb, yb in batches():
    error = xb @ w - yb
    loss = np.mean(error ** 2)
    w = w - 0.1 * 2 * xb.T @ error / 4
""",
    "numbers": """\
xs, ys = [0.5, -1.0, 2.0], [1.0, 0.0, 1.0]
w, b = 0, 0
for step in range(12):
    x, y = xs[step % 3], ys[step % 3]
    p = w * x + b
    loss = (p - y) ** 2
    w = w - 0.1 * 2 * (p - y) * x
    b = b - 0.1 * 2 * (p - y)
""",
    "numbers, line by line": """\
xs, ys = [0.5, -1.0, 2.0], [1.0, 0.0, 1.0]
w, b, rate = 0.0, 0.0, 0.1
for step in range(12):
    dw = db = loss = 0.0
    for x, y in zip(xs, ys):
        error = w * x + b - y
        loss += error ** 2
        dw += 2 * error * x
        db += 2 * error
    w -= rate * dw
    b -= rate * db
    rate *= 0.95
""",
    "a function for each step": _DATA
    + """\
def loss_of(w):
    return np.mean((x @ w - y) ** 2)

def step_of(w):
    loss = loss_of(w)
    return w - 0.1 * (2 * x.T @ (x @ w - y) / 8), loss

w = np.zeros(3)
for step in range(12):
    w, loss = step_of(w)
""",
    "element by element": _START
    + """\
for step in range(12):
    error = x @ w - y
    loss = np.mean(error ** 2)
    dw = 2 * x.T @ error / 8
    for j in range(3):
        w[j] -= 0.1 * dw[j]
""",
}
