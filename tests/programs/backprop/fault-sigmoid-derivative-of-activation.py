import numpy as np

class NeuralNetwork:
    def __init__(self, x, y):
        rng = np.random.RandomState(10)
        self.input = x
        self.weights1 = rng.rand(self.input.shape[1], 4)
        self.weights2 = rng.rand(4, 1)
        self.y = y
        self.output = np.zeros(self.y.shape)

    def sigmoid(self, x):
        return 1.0 / (1 + np.exp(-x))

    def sigmoid_derivative(self, x):
        s = self.sigmoid(x)
        return s * (1 - s)

    def feedforward(self):
        self.layer1 = self.sigmoid(np.dot(self.input, self.weights1))
        self.output = self.sigmoid(np.dot(self.layer1, self.weights2))

    def backprop(self):
        delta = 2 * (self.y - self.output) * self.sigmoid_derivative(self.output)
        d_weights2 = np.dot(self.layer1.T, delta)
        d_hidden = np.dot(delta, self.weights2.T)
        d_weights1 = np.dot(self.input.T, d_hidden * self.sigmoid_derivative(self.layer1))
        self.weights1 += d_weights1
        self.weights2 += d_weights2

if __name__ == "__main__":
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0], [1], [1], [0]])
    nn = NeuralNetwork(X, y)
    for i in range(60):
        nn.feedforward()
        if i % 20 == 0:
            print("loss", np.sum(np.square(y - nn.output)))
        nn.backprop()
    print(nn.output)
