import numpy as np

def relu(x):
    return np.maximum(0, x)

rng = np.random.default_rng(21)
X = rng.normal(size=(4, 15))
Y = rng.integers(0, 3, 15)
T = np.eye(3)[Y].T
params = {}
sizes = [4, 6, 6, 3]
for l in range(1, 4):
    params["W%d" % l] = rng.normal(size=(sizes[l], sizes[l - 1])) * np.sqrt(2 / sizes[l - 1])
    params["b%d" % l] = np.zeros((sizes[l], 1))

def forward(X, p):
    z1 = p["W1"] @ X + p["b1"]
    a1 = relu(z1)
    z2 = p["W2"] @ a1 + p["b2"]
    a2 = relu(z2)
    z3 = p["W3"] @ a2 + p["b3"]
    e = np.exp(z3 - z3.max(0))
    return z1, a1, z2, a2, e / e.sum(0)

for it in range(40):
    z1, a1, z2, a2, probs = forward(X, params)
    cost = -np.sum(T * np.log(probs)) / 15
    dz3 = (probs - T) / 15
    dz2 = (params["W3"].T @ dz3) * (z2 > 0)
    dz1 = (params["W2"].T @ dz2) * (z2 > 0)
    grads = {"W3": dz3 @ a2.T, "b3": dz3.sum(1, keepdims=True),
             "W2": dz2 @ a1.T, "b2": dz2.sum(1, keepdims=True),
             "W1": dz1 @ X.T, "b1": dz1.sum(1, keepdims=True)}
    for k in params:
        params[k] = params[k] - 0.1 * grads[k]
print(cost)
