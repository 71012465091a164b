import numpy as np

rng = np.random.default_rng(44)
n, d = 5, 4
X = rng.normal(size=(n, d))
Y = rng.normal(size=(n, d)) * 0.5
Wq, Wk, Wv = (rng.normal(size=(d, d)) * 0.5 for _ in range(3))

def softmax_rows(S):
    E = np.exp(S - S.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)

for step in range(30):
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    S = Q @ K.T / np.sqrt(d)
    A = softmax_rows(S)
    O = A @ V
    loss = 0.5 * np.sum((O - Y) ** 2)

    dO = O - Y
    dV = A.T @ dO
    dA = dO @ V.T
    dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True))
    dQ = dS @ K / np.sqrt(d)
    dK = dS.T @ Q / np.sqrt(d)
    dWq, dWk, dWv = X.T @ dQ, X.T @ dK, X.T @ dV

    Wq -= 0.05 * dWq
    Wk -= 0.05 * dWk
    Wv -= 0.05 * dWv
    if step % 10 == 0:
        print(f"{step:3d} {loss:.6f}")
