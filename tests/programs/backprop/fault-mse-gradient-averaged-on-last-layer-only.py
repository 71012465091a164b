import numpy as np

class MLP:
    def __init__(self):
        rng = np.random.RandomState(33)
        self.w1 = rng.randn(2, 5)
        self.b1 = rng.randn(5) * 0.1
        self.w2 = rng.randn(5, 1)
        self.b2 = np.zeros(1)

    def fit(self, x, y, lr, epochs):
        m = x.shape[0]
        for epoch in range(epochs):
            self.h = 1 / (1 + np.exp(-(np.dot(x, self.w1) + self.b1)))
            self.o = 1 / (1 + np.exp(-(np.dot(self.h, self.w2) + self.b2)))
            loss = np.square(self.o - y).mean()
            d_o = 2 * (self.o - y) * self.o * (1 - self.o)
            grad_w2 = np.dot(self.h.T, d_o) / m
            grad_b2 = np.mean(d_o, axis=0)
            d_h = np.dot(d_o, self.w2.T) * self.h * (1 - self.h)
            grad_w1 = np.dot(x.T, d_h)
            grad_b1 = np.mean(d_h, axis=0)
            self.w2 -= lr * grad_w2
            self.b2 -= lr * grad_b2
            self.w1 -= lr * grad_w1
            self.b1 -= lr * grad_b1
        return loss

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
print(MLP().fit(x, y, 0.5, 100))
