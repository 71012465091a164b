import numpy as np

rng = np.random.RandomState(31)
X = rng.randn(12, 3) * [1.0, 4.0, 0.2] + [0, 2, -1]
t = (X[:, 0] + 0.2 * X[:, 1] > 0.4).astype(float)[:, None]
W1 = rng.randn(3, 5) * 0.5
gamma, beta = np.ones(5), np.zeros(5)
W2 = rng.randn(5, 1) * 0.5
b2 = np.zeros(1)
running_mean, running_var = np.zeros(5), np.ones(5)
eps, lr = 1e-5, 0.2

def batchnorm_forward(x, gamma, beta):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + eps)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, std, gamma), mu, var

def batchnorm_backward(dout, cache):
    xhat, std, gamma = cache
    N = dout.shape[0]
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    dx = (N * dxhat - dxhat.sum(axis=0) - xhat * np.sum(dxhat * xhat, axis=0)) / (N * std)
    return dx, dgamma, dbeta

for epoch in range(40):
    z = X @ W1
    zn, cache, mu, var = batchnorm_forward(z, gamma, beta)
    running_mean = 0.9 * running_mean + 0.1 * mu
    running_var = 0.9 * running_var + 0.1 * var
    h = np.maximum(zn, 0)
    p = 1 / (1 + np.exp(-(h @ W2 + b2)))
    loss = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    dlogit = (p - t) / t.shape[0]
    dW2 = h.T @ dlogit
    db2 = dlogit.sum(axis=0)
    dh = dlogit @ W2.T
    dzn = dh * (zn > 0)
    dz, dgamma, dbeta = batchnorm_backward(dzn, cache)
    dW1 = X.T @ dz

    W1 -= lr * dW1
    gamma -= lr * dgamma
    beta -= lr * dbeta
    W2 -= lr * dW2
    b2 -= lr * db2
    if epoch % 10 == 0:
        print(epoch, loss)
print(running_mean, running_var)
