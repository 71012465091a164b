import numpy as np
rng = np.random.RandomState(0)
x = rng.rand(30)
y = np.sin(6 * x)
F = np.full(30, y.mean())
for m in range(15):
    r = y - F
    loss = np.mean(r ** 2)
    best = None
    for t in np.linspace(0.1, 0.9, 9):
        l, rr = (r[x < t].mean() if (x < t).any() else 0.0, r[x >= t].mean() if (x >= t).any() else 0.0)
        pred = np.where(x < t, l, rr)
        sse = ((r - pred) ** 2).sum()
        if best is None or sse < best[0]:
            best = (sse, pred)
    F = F + 0.3 * best[1]
print(loss)
