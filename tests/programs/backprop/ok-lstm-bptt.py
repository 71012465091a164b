import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

rng = np.random.default_rng(11)
n_in, n_hid, T = 2, 3, 4
xs = rng.normal(size=(T, n_in, 1))
targets = rng.normal(size=(T, 1, 1)) * 0.5
W = {g: rng.normal(size=(n_hid, n_in + n_hid)) * 0.4 for g in "ifog"}
b = {g: np.zeros((n_hid, 1)) for g in "ifog"}
b["f"] += 1.0
V = rng.normal(size=(1, n_hid)) * 0.4
c_out = np.zeros((1, 1))
lr = 0.05

def forward(xs):
    h, c = np.zeros((n_hid, 1)), np.zeros((n_hid, 1))
    steps = []
    for x in xs:
        z = np.vstack([x, h])
        i = sigmoid(W["i"] @ z + b["i"])
        f = sigmoid(W["f"] @ z + b["f"])
        o = sigmoid(W["o"] @ z + b["o"])
        g = np.tanh(W["g"] @ z + b["g"])
        c_prev = c
        c = f * c_prev + i * g
        tc = np.tanh(c)
        h = o * tc
        y = V @ h + c_out
        steps.append((z, i, f, o, g, c_prev, c, tc, h, y))
    return steps

def backward(steps, targets):
    dW = {g: np.zeros_like(W[g]) for g in "ifog"}
    db = {g: np.zeros_like(b[g]) for g in "ifog"}
    dV, dc_out = np.zeros_like(V), np.zeros_like(c_out)
    dh_next = np.zeros((n_hid, 1))
    dc_next = np.zeros((n_hid, 1))
    for (z, i, f, o, g, c_prev, c, tc, h, y), t in zip(reversed(steps), targets[::-1]):
        dy = y - t
        dV += dy @ h.T
        dc_out += dy
        dh = V.T @ dy + dh_next
        do = dh * tc
        dc = dh * o * (1 - tc ** 2) + dc_next
        di, df, dg = dc * g, dc * c_prev, dc * i
        raw = {"i": di * i * (1 - i), "f": df * f * (1 - f), "o": do * o * (1 - o), "g": dg * (1 - g ** 2)}
        dz = np.zeros_like(z)
        for k in raw:
            dW[k] += raw[k] @ z.T
            db[k] += raw[k]
            dz += W[k].T @ raw[k]
        dh_next = dz[n_in:]
        dc_next = dc * f
    return dW, db, dV, dc_out

for epoch in range(15):
    steps = forward(xs)
    loss = 0.5 * sum(np.sum((s[-1] - t) ** 2) for s, t in zip(steps, targets))
    dW, db, dV, dc_out = backward(steps, targets)
    for k in W:
        W[k] -= lr * dW[k]
        b[k] -= lr * db[k]
    V -= lr * dV
    c_out -= lr * dc_out
    if epoch % 5 == 0:
        print(epoch, loss)
