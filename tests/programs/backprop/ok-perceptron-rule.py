class Perceptron:
    def __init__(self, n, learning_rate=0.1):
        self.weights = [0.0] * n
        self.bias = 0.0
        self.learning_rate = learning_rate

    def predict(self, inputs):
        total = self.bias
        for w, x in zip(self.weights, inputs):
            total += w * x
        return 1 if total > 0 else 0

    def train(self, data, epochs):
        for epoch in range(epochs):
            errors = 0
            for inputs, label in data:
                error = label - self.predict(inputs)
                errors += abs(error)
                for i in range(len(inputs)):
                    self.weights[i] += self.learning_rate * error * inputs[i]
                self.bias += self.learning_rate * error
            print("epoch", epoch, "errors", errors)

data = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 1)]
p = Perceptron(2)
p.train(data, 6)
print(p.weights, p.bias)
