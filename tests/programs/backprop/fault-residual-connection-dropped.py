import numpy as np

rng = np.random.RandomState(40)
n, d = 10, 4
X = rng.randn(n, d)
t = (X[:, 0] * X[:, 1] > 0).astype(float).reshape(-1, 1)
Win = rng.randn(d, d) * 0.5
Wa = rng.randn(d, d) * 0.5
Wb = rng.randn(d, d) * 0.5
Wout = rng.randn(d, 1) * 0.5

def forward():
    h0 = np.tanh(X @ Win)
    u = np.tanh(h0 @ Wa)
    h1 = h0 + u @ Wb
    p = 1 / (1 + np.exp(-(h1 @ Wout)))
    return h0, u, h1, p

for step in range(60):
    h0, u, h1, p = forward()
    loss = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
    dlogits = (p - t) / n
    dWout = h1.T @ dlogits
    dh1 = dlogits @ Wout.T
    dWb = u.T @ dh1
    du = dh1 @ Wb.T * (1 - u ** 2)
    dWa = h0.T @ du
    dh0 = du @ Wa.T
    dWin = X.T @ (dh0 * (1 - h0 ** 2))
    Win -= 0.3 * dWin
    Wa -= 0.3 * dWa
    Wb -= 0.3 * dWb
    Wout -= 0.3 * dWout
    if step % 20 == 0:
        print(step, loss)
