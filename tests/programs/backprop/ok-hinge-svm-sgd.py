import numpy as np

np.random.seed(42)
X = np.vstack([np.random.randn(10, 2) + 2, np.random.randn(10, 2) - 2])
y = np.array([1] * 10 + [-1] * 10)
w = np.zeros(2)
b = 0
lr = 0.01
lam = 0.01

for epoch in range(15):
    total = 0
    for i in np.random.permutation(len(X)):
        margin = y[i] * (np.dot(X[i], w) - b)
        loss = max(0, 1 - margin) + lam * np.dot(w, w)
        total += loss
        if margin >= 1:
            w -= lr * (2 * lam * w)
        else:
            w -= lr * (2 * lam * w - y[i] * X[i])
            b -= lr * y[i]
    print(epoch, total)
print(w, b)
