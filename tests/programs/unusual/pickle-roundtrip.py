import numpy as np, pickle, copy, json
rng = np.random.RandomState(0)
X = rng.randn(10, 3)
y = X @ np.ones(3)
w = np.zeros(3)
for i in range(20):
    w = pickle.loads(pickle.dumps(w))
    pred = X @ w
    loss = np.mean((pred - y) ** 2)
    g = np.array(json.loads(json.dumps((2 * X.T @ (pred - y) / 10).tolist())))
    w = w - 0.1 * g
print(loss)
