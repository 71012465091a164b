import numpy as np

def act(x):
    return np.tanh(x)

rng = np.random.default_rng(8)
X = rng.normal(size=(3, 10))
Y = np.cos(X[:1]) + 1.5
model = {"W1": rng.normal(size=(4, 3)) * 0.6, "b1": np.full((4, 1), 0.1), "W2": rng.normal(size=(1, 4)) * 0.6, "b2": np.full((1, 1), 0.1)}

for epoch in range(50):
    A1 = act(model["W1"] @ X + model["b1"])
    out = model["W2"] @ A1 + model["b2"]
    E = np.sum((out - Y) ** 2) / X.shape[1]
    dout = 2 * (out - Y) / X.shape[1]
    dA1 = model["W2"].T @ dout
    dZ1 = dA1 * (1 - A1 ** 2)
    grads = {"W2": dout @ A1.T, "b2": dout.sum(axis=1, keepdims=True),
             "W1": dZ1 @ X.T, "b1": dZ1.sum(axis=1, keepdims=True)}
    for name in ("W1", "W2", "b2"):
        model[name] = model[name] - 0.1 * grads[name]
    if epoch % 10 == 0:
        print(epoch, E)
