import numpy as np

np.random.seed(15)
T, n_x, n_a = 5, 2, 3
x = np.random.randn(T, n_x)
target = np.random.randn(T) * 0.5
Wax = np.random.randn(n_a, n_x) * 0.5
Waa = np.random.randn(n_a, n_a) * 0.5
ba = np.zeros(n_a)
Wya = np.random.randn(n_a) * 0.5
lr = 0.05

for it in range(25):
    a = [np.zeros(n_a)]
    y = []
    for t in range(T):
        a.append(np.tanh(Wax @ x[t] + Waa @ a[-1] + ba))
        y.append(Wya @ a[-1])
    loss = sum(0.5 * (yt - tt) ** 2 for yt, tt in zip(y, target))

    dWax, dWaa, dba, dWya = np.zeros_like(Wax), np.zeros_like(Waa), np.zeros_like(ba), np.zeros_like(Wya)
    da_next = np.zeros(n_a)
    for t in reversed(range(T)):
        dy = y[t] - target[t]
        dWya += dy * a[t + 1]
        da = dy * Wya + da_next
        dz = da * (1 - a[t + 1] ** 2)
        dWax += np.outer(dz, x[t])
        dWaa += np.outer(dz, a[t + 1])
        dba += dz
        da_next = Waa.T @ dz
    Wax -= lr * dWax
    Waa -= lr * dWaa
    ba -= lr * dba
    Wya -= lr * dWya
    if it % 5 == 0:
        print("iter", it, "loss", loss)
