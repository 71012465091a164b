import numpy as np

class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        dx = np.dot(dout, self.W)
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx

class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * (1.0 - self.out) * self.out

rng = np.random.RandomState(14)
x = rng.randn(8, 4)
t = rng.randn(8, 4) * 0.3
layers = [Affine(rng.randn(4, 4) * 0.5, np.zeros(4)), Sigmoid(), Affine(rng.randn(4, 4) * 0.5, np.zeros(4))]
for i in range(30):
    out = x
    for layer in layers:
        out = layer.forward(out)
    loss = 0.5 * np.sum((out - t) ** 2) / len(x)
    dout = (out - t) / len(x)
    for layer in reversed(layers):
        dout = layer.backward(dout)
    for layer in layers:
        if hasattr(layer, "W"):
            layer.W -= 0.2 * layer.dW
            layer.b -= 0.2 * layer.db
print("loss:", loss)
