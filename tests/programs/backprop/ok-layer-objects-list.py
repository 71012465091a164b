import numpy as np


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError

    def step(self, lr):
        pass


class Dense(Layer):
    def __init__(self, n_in, n_out, rng):
        self.w = rng.normal(0, n_in ** -0.5, (n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, grad):
        self.dw = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.w.T

    def step(self, lr):
        self.w -= lr * self.dw
        self.b -= lr * self.db


class Tanh(Layer):
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, grad):
        return grad * (1 - self.out * self.out)


class MSE:
    def __call__(self, pred, target):
        self.diff = pred - target
        return (self.diff ** 2).mean()

    def backward(self):
        return 2 * self.diff / self.diff.size


class Sequential:
    def __init__(self, *layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)

    def step(self, lr):
        for layer in self.layers:
            layer.step(lr)


def main():
    rng = np.random.default_rng(7)
    X = rng.uniform(-1, 1, (20, 2))
    Y = (X[:, 0] * X[:, 1]).reshape(-1, 1)
    model = Sequential(Dense(2, 8, rng), Tanh(), Dense(8, 8, rng), Tanh(), Dense(8, 1, rng))
    criterion = MSE()
    for epoch in range(60):
        loss = criterion(model(X), Y)
        model.backward(criterion.backward())
        model.step(0.3)
        if epoch % 20 == 0:
            print(f"epoch {epoch:3d}  loss {loss:.5f}")


if __name__ == "__main__":
    main()
