import numpy as np
rng = np.random.RandomState(0)
C = rng.randint(0, 9, (5, 5)) + 0.0
W = (rng.rand(5, 3) - 0.5) / 3
U = (rng.rand(5, 3) - 0.5) / 3
b = np.zeros(5)
c = np.zeros(5)
gW, gU, gb, gc = (np.ones_like(W), np.ones_like(U), np.ones(5), np.ones(5))
for it in range(6):
    cost = 0
    for i in range(5):
        for j in range(5):
            if C[i, j] == 0:
                continue
            f = min(1, (C[i, j] / 9) ** 0.75)
            inner = W[i] @ U[j] + b[i] + c[j] - np.log(C[i, j])
            cost += 0.5 * f * inner ** 2
            dw, du, db = (f * inner * U[j], f * inner * W[i], f * inner)
            W[i] -= 0.05 * dw / np.sqrt(gW[i])
            U[j] -= 0.05 * du / np.sqrt(gU[j])
            b[i] -= 0.05 * db / np.sqrt(gb[i])
            c[j] -= 0.05 * db / np.sqrt(gc[j])
            gW[i] += dw ** 2
            gU[j] += du ** 2
            gb[i] += db ** 2
            gc[j] += db ** 2
    print(it, cost)
