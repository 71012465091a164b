import numpy as np

rng = np.random.default_rng(13)
seq = [1, 0, 2, 2, 1, 0, 1]
V, H = 3, 5
U = rng.normal(size=(H, V)) * 0.4
W = rng.normal(size=(H, H)) * 0.4
O = rng.normal(size=(V, H)) * 0.4

def step(inp, tgt):
    n = len(inp)
    s = np.zeros((n + 1, H))
    o = np.zeros((n, V))
    for t in range(n):
        s[t] = np.tanh(U[:, inp[t]] + W.dot(s[t - 1]))
        e = np.exp(O.dot(s[t]))
        o[t] = e / e.sum()
    L = -np.sum(np.log(o[np.arange(n), tgt]))
    dU, dW, dO = np.zeros(U.shape), np.zeros(W.shape), np.zeros(O.shape)
    d_o = o.copy()
    d_o[np.arange(n), tgt] -= 1.0
    ds_next = np.zeros(H)
    for t in range(n)[::-1]:
        dO += np.outer(d_o[t], s[t])
        ds = O.T.dot(d_o[t]) + ds_next
        dpre = ds * (1 - s[t] ** 2)
        dW += np.outer(dpre, s[t - 1])
        dU[:, inp[t]] += dpre
        ds_next = W.T.dot(ds)
    return L, dU, dW, dO

for epoch in range(20):
    L, dU, dW, dO = step(seq[:-1], seq[1:])
    U -= 0.1 * dU
    W -= 0.1 * dW
    O -= 0.1 * dO
    if epoch % 5 == 0:
        print(epoch, L)
