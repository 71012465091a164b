import types

import numpy as np

plt = types.SimpleNamespace(plot=lambda *a, **k: [float(v) for v in a[0]], show=lambda: None, title=lambda s: None)

rng = np.random.default_rng(16)
x = np.linspace(-2, 2, 25)
y = 1.5 * x + 0.5 + rng.standard_t(2, size=25) * 0.3
k, c = 0.0, 0.0
delta = 1.0
curve = []
for step in range(50):
    r = k * x + c - y
    small = np.abs(r) <= delta
    loss = np.where(small, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta)).mean()
    curve.append(loss)
    dr = np.where(small, r, delta * np.sign(r)) / len(x)
    k -= 0.3 * np.dot(dr, x)
    c -= 0.3 * np.sum(dr)
plt.plot(curve)
plt.title("loss %.3f" % curve[-1])
plt.show()
print(k, c, curve[0], curve[-1])
