import numpy as np

class SoftmaxClassifier:
    def __init__(self, d, k, seed=0):
        self.W = np.random.RandomState(seed).randn(d, k) * 0.1
        self.b = np.zeros(k)

    def predict(self, X):
        scores = X.dot(self.W) + self.b
        exp = np.exp(scores - np.max(scores))
        return exp / np.sum(exp, axis=0)

    def train(self, X, y, lr=0.5, iters=50):
        n = X.shape[0]
        for it in range(iters):
            P = self.predict(X)
            loss = -np.sum(np.log(P[np.arange(n), y])) / n
            G = P.copy()
            G[np.arange(n), y] -= 1
            G /= n
            self.W -= lr * X.T.dot(G)
            self.b -= lr * G.sum(axis=0)
            if it % 10 == 0:
                print("iteration {} / {}: loss {}".format(it, iters, loss))

rng = np.random.RandomState(2)
X = rng.randn(14, 3)
y = np.argmax(X + 0.2 * rng.randn(14, 3), axis=1)
SoftmaxClassifier(3, 3).train(X, y)
