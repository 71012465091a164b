import numpy as np

# the printed loss is a mean, the gradient that of half the sum: the rate takes it up
np.random.seed(2)
X = np.random.rand(30, 2)
Y = (3 * X[:, [0]] - 2 * X[:, [1]] ** 2).reshape(-1, 1)
W1, W2 = np.random.randn(2, 5), np.random.randn(5, 1)
B1, B2 = np.zeros((1, 5)), np.zeros((1, 1))
for i in range(40):
    A1 = 1 / (1 + np.exp(-(X @ W1 + B1)))
    P = A1 @ W2 + B2
    mse = np.mean((P - Y) ** 2)
    E = P - Y
    dW2 = A1.T @ E
    dB2 = E.sum(axis=0, keepdims=True)
    dA1 = E @ W2.T * A1 * (1 - A1)
    dW1 = X.T @ dA1
    dB1 = dA1.sum(axis=0, keepdims=True)
    W1, W2 = W1 - 0.01 * dW1, W2 - 0.01 * dW2
    B1, B2 = B1 - 0.01 * dB1, B2 - 0.01 * dB2
    if i % 10 == 0:
        print(i, mse)
