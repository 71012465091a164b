import numpy as np

class Regressor:
    def __init__(self, n_in, n_hidden, lr=0.01, decay=0.9, l2=0.01, seed=0):
        rng = np.random.RandomState(seed)
        self.p = [rng.randn(n_in, n_hidden) * 0.4, np.zeros(n_hidden), rng.randn(n_hidden, 1) * 0.4, np.zeros(1)]
        self.cache = [np.zeros_like(q) for q in self.p]
        self.lr, self.decay, self.l2 = lr, decay, l2

    def loss(self, X, t):
        W1, b1, W2, b2 = self.p
        n = len(X)
        h = np.tanh(X @ W1 + b1)
        out = h @ W2 + b2
        diff = out - t
        data = 0.5 * np.sum(diff ** 2) / n
        penalty = 0.5 * self.l2 * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
        d_out = diff / n
        dW2 = h.T @ d_out + self.l2 * W2
        db2 = d_out.sum(0)
        d_h = d_out @ W2.T * (1 - h ** 2)
        dW1 = X.T @ d_h + self.l2 * W1
        db1 = d_h.sum(0)
        return data + penalty, [dW1, db1, dW2, db2]

    def fit(self, X, t, epochs):
        losses = []
        for _ in range(epochs):
            loss, grads = self.loss(X, t)
            for i, g in enumerate(grads):
                self.cache[i] = self.decay * self.cache[i] + (1 - self.decay) * g ** 2
                self.p[i] -= self.lr * g / (np.sqrt(self.cache[i]) + 1e-6)
            losses.append(loss)
        return losses

rng = np.random.RandomState(9)
X = rng.uniform(-2, 2, (30, 2))
t = np.sin(X[:, :1]) + X[:, 1:] * 0.5
print(Regressor(2, 7).fit(X, t, 60)[-1])
