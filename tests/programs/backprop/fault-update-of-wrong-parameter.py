import numpy as np

def softplus(z):
    return np.log(1 + np.exp(z))

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

rng = np.random.default_rng(2)
x = rng.uniform(-1, 1, (20, 1))
y = np.abs(x)
w1, b1 = rng.normal(size=(1, 5)), rng.normal(size=(5,)) * 0.1
w2, b2 = rng.normal(size=(5, 5)) * 0.5, np.zeros(5)
w3, b3 = rng.normal(size=(5, 1)), np.zeros(1)
lr = 0.1
for i in range(50):
    z1 = x @ w1 + b1
    h1 = softplus(z1)
    z2 = h1 @ w2 + b2
    h2 = softplus(z2)
    out = h2 @ w3 + b3
    loss = np.mean((out - y) ** 2)
    g3 = 2 * (out - y) / y.size
    g2 = (g3 @ w3.T) * sigmoid(z2)
    g1 = (g2 @ w2.T) * sigmoid(z1)
    w3 -= lr * (h2.T @ g3)
    b3 -= lr * g3.sum(0)
    w2 -= lr * (h1.T @ g2)
    b2 -= lr * g1.sum(0)
    w1 -= lr * (x.T @ g1)
    b1 -= lr * g1.sum(0)
print(loss)
