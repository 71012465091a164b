import numpy as np

rng = np.random.default_rng(12)
X = rng.normal(size=(40, 4))
y = np.tanh(X @ np.array([1.0, -1.0, 0.5, 0.0])) + 0.1 * rng.normal(size=40)
Xt, yt, Xv, yv = X[:30], y[:30], X[30:], y[30:]
W1, b1 = rng.normal(size=(4, 6)) * 0.5, np.zeros(6)
W2, b2 = rng.normal(size=6) * 0.5, 0.0
lr0, best, patience, wait = 0.2, np.inf, 5, 0
best_weights = None

for epoch in range(60):
    lr = lr0 * 0.95 ** (epoch // 5)
    h = np.tanh(Xt @ W1 + b1)
    out = h @ W2 + b2
    train_loss = np.mean((out - yt) ** 2)
    dout = 2 * (out - yt) / len(yt)
    dW2, db2 = h.T @ dout, dout.sum()
    dz = np.outer(dout, W2) * (1 - h ** 2)
    dW1, db1 = Xt.T @ dz, dz.sum(axis=0)
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
    val_loss = np.mean((np.tanh(Xv @ W1 + b1) @ W2 + b2 - yv) ** 2)
    if val_loss < best - 1e-5:
        best, wait = val_loss, 0
        best_weights = [W1.copy(), b1.copy(), W2.copy(), b2]
    else:
        wait += 1
        if wait >= patience:
            print("stopped at", epoch)
            break
W1, b1, W2, b2 = best_weights
print(best, np.mean((np.tanh(Xv @ W1 + b1) @ W2 + b2 - yv) ** 2))
