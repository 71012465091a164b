import numpy as np

np.random.seed(29)

def corr2d(X, K):
    h, w = K.shape
    Y = np.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y

X = np.random.randn(5, 6)
Y = corr2d(X, np.array([[1.0, -1.0, 0.5], [0.0, 0.5, -0.5]]))
K = np.random.randn(2, 3) * 0.1
lr = 3e-2
for i in range(10):
    Y_hat = corr2d(X, K)
    l = (Y_hat - Y) ** 2
    loss = l.sum()
    dK = corr2d(X, 2 * (Y_hat - Y))[::-1, ::-1]
    K = K - lr * dK / Y.size
    if (i + 1) % 2 == 0:
        print(f'epoch {i + 1}, loss {loss:.3f}')
print(K)
