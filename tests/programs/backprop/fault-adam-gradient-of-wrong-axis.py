import numpy as np

rng = np.random.default_rng(23)
X = rng.normal(size=(5, 3))
y = rng.integers(0, 2, (5, 1))
p = {"W1": rng.normal(size=(3, 5)), "b1": np.zeros(5), "W2": rng.normal(size=(5, 1)), "b2": np.zeros(1)}
m = {k: np.zeros_like(v) for k, v in p.items()}
v = {k: np.zeros_like(q) for k, q in p.items()}
for t in range(1, 31):
    h = np.maximum(X @ p["W1"] + p["b1"], 0)
    prob = 1 / (1 + np.exp(-(h @ p["W2"] + p["b2"])))
    bce = np.mean(-y * np.log(prob) - (1 - y) * np.log(1 - prob))
    g = (prob - y) / len(y)
    gh = g @ p["W2"].T
    gh[h == 0] = 0
    grad = {
        "W1": X.T @ gh,
        "b1": gh.sum(axis=1),
        "W2": h.T @ g,
        "b2": g.sum(axis=0),
    }
    for k in p:
        m[k] = 0.9 * m[k] + 0.1 * grad[k]
        v[k] = 0.999 * v[k] + 0.001 * grad[k] ** 2
        p[k] = p[k] - 0.01 * (m[k] / (1 - 0.9 ** t)) / (np.sqrt(v[k] / (1 - 0.999 ** t)) + 1e-8)
    if t % 10 == 0:
        print(t, bce)
