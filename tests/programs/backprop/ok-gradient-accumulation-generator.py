import numpy as np

def batches(X, T, size, seed):
    rng = np.random.default_rng(seed)
    while True:
        for start in range(0, len(X), size):
            idx = rng.permutation(len(X))[:size]
            yield X[idx], T[idx]

rng = np.random.default_rng(1)
X = rng.normal(size=(24, 5))
T = np.eye(4)[np.argmax(X[:, :4], axis=1)]
theta = {"W": rng.normal(size=(5, 4)) * 0.1, "b": np.zeros(4)}
grad = {k: np.zeros_like(v) for k, v in theta.items()}
accumulate = 3
running = 0.0
for i, (x, t) in enumerate(batches(X, T, 6, 2)):
    if i == 60:
        break
    z = x @ theta["W"] + theta["b"]
    z = z - z.max(axis=1, keepdims=True)
    logits = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    loss = -(t * logits).sum(axis=1).mean()
    running += loss / accumulate
    d = (np.exp(logits) - t) / len(x) / accumulate
    grad["W"] += x.T @ d
    grad["b"] += d.sum(axis=0)
    if (i + 1) % accumulate == 0:
        for k in theta:
            theta[k] -= 0.5 * grad[k]
            grad[k][...] = 0
        if (i + 1) % 15 == 0:
            print(i + 1, running)
        running = 0.0
