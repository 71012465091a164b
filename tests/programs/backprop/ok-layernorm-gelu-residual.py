import numpy as np
from math import pi, sqrt

rng = np.random.RandomState(90)
x = rng.randn(6, 4)
t = rng.randn(6, 4)
P = dict(W1=rng.randn(4, 8) * 0.3, b1=np.zeros(8), W2=rng.randn(8, 4) * 0.3, b2=np.zeros(4), g=np.ones(4), s=np.zeros(4))
c = sqrt(2 / pi)

def gelu(u):
    return 0.5 * u * (1 + np.tanh(c * (u + 0.044715 * u ** 3)))

def d_gelu(u):
    th = np.tanh(c * (u + 0.044715 * u ** 3))
    return 0.5 * (1 + th) + 0.5 * u * (1 - th ** 2) * c * (1 + 3 * 0.044715 * u ** 2)

for it in range(25):
    mean = x.mean(-1, keepdims=True)
    inv = 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    xn = (x - mean) * inv
    ln = xn * P["g"] + P["s"]
    u = ln @ P["W1"] + P["b1"]
    out = x + gelu(u) @ P["W2"] + P["b2"]
    loss = ((out - t) ** 2).mean()
    G = {}
    dout = 2 * (out - t) / out.size
    G["W2"] = gelu(u).T @ dout
    G["b2"] = dout.sum(0)
    du = dout @ P["W2"].T * d_gelu(u)
    G["W1"] = ln.T @ du
    G["b1"] = du.sum(0)
    dln = du @ P["W1"].T
    G["g"] = (dln * xn).sum(0)
    G["s"] = dln.sum(0)
    P = {k: v - 0.5 * G[k] for k, v in P.items()}
print("loss", loss)
