import numpy as np

np.random.seed(6)
sizes = [3, 3, 3, 2]
weights = [np.random.randn(a, b) * 0.7 for a, b in zip(sizes, sizes[1:])]
biases = [np.zeros(b) for b in sizes[1:]]
X = np.random.randn(11, 3)
Y = np.eye(2)[(X[:, 0] > X[:, 1]).astype(int)]

def forward(x):
    activations = [x]
    for w, b in zip(weights[:-1], biases[:-1]):
        activations.append(np.tanh(activations[-1] @ w + b))
    z = activations[-1] @ weights[-1] + biases[-1]
    e = np.exp(z)
    activations.append(e / e.sum(axis=1)[:, None])
    return activations

for epoch in range(30):
    acts = forward(X)
    loss = -np.sum(Y * np.log(acts[-1])) / len(X)
    delta = (acts[-1] - Y) / len(X)
    for i in range(len(weights) - 1, -1, -1):
        dw = acts[max(i - 1, 0)].T @ delta
        db = delta.sum(axis=0)
        if i > 0:
            delta = delta @ weights[i].T * (1 - acts[i] ** 2)
        weights[i] = weights[i] - 0.2 * dw
        biases[i] = biases[i] - 0.2 * db
    print(epoch, "%.6f" % loss)
