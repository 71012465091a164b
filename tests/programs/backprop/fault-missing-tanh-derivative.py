import numpy as np

np.random.seed(3)
X = np.random.randn(12, 3)
y = np.sin(X.sum(axis=1, keepdims=True))

W1 = np.random.randn(3, 6) * 0.5
b1 = np.zeros((1, 6))
W2 = np.random.randn(6, 1) * 0.5
b2 = np.zeros((1, 1))
lr = 0.05

for epoch in range(100):
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    y_hat = a1 @ W2 + b2
    loss = np.mean((y_hat - y) ** 2)

    dy = 2 * (y_hat - y) / len(X)
    dW2 = a1.T @ dy
    db2 = np.sum(dy, axis=0, keepdims=True)
    da1 = dy @ W2.T
    dW1 = X.T @ da1
    db1 = np.sum(da1, axis=0, keepdims=True)

    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
    if epoch % 20 == 0:
        print(f"Epoch {epoch}, Loss: {loss:.4f}")
