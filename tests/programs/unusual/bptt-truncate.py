import numpy as np
rng = np.random.RandomState(0)
seq = [0, 2, 1, 0, 2, 1, 1, 0]
V, H = (3, 4)
U = rng.uniform(-1, 1, (H, V)) * 0.5
Vo = rng.uniform(-1, 1, (V, H)) * 0.5
W = rng.uniform(-1, 1, (H, H)) * 0.5


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()
for epoch in range(10):
    x, t = (seq[:-1], seq[1:])
    T = len(x)
    s = np.zeros((T + 1, H))
    o = np.zeros((T, V))
    for k in range(T):
        s[k] = np.tanh(U[:, x[k]] + W @ s[k - 1])
        o[k] = softmax(Vo @ s[k])
    loss = -np.sum(np.log(o[np.arange(T), t]))
    dU, dV, dW = (np.zeros_like(U), np.zeros_like(Vo), np.zeros_like(W))
    do = o.copy()
    do[np.arange(T), t] -= 1
    for k in np.arange(T)[::-1]:
        dV += np.outer(do[k], s[k])
        dt = Vo.T @ do[k] * (1 - s[k] ** 2)
        for step in np.arange(max(0, k - 2), k + 1)[::-1]:
            dW += np.outer(dt, s[step - 1])
            dU[:, x[step]] += dt
            dt = W.T @ dt * (1 - s[step - 1] ** 2)
    U -= 0.05 * dU
    Vo -= 0.05 * dV
    W -= 0.05 * dW
    print(loss)
