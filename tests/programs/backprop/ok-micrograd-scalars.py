import random

class Value:
    def __init__(self, data, children=()):
        self.data, self.grad = data, 0.0
        self._backward, self._prev = lambda: None, set(children)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,))
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

random.seed(3)
w = [Value(random.uniform(-1, 1)) for _ in range(6)]
b = [Value(0.1) for _ in range(3)]
xs = [(1.0, 2.0), (-1.0, 0.5), (0.5, -1.5), (2.0, 1.0)]
ys = [1.0, -1.0, 0.0, 0.5]

def model(x):
    h = [(w[2 * i] * x[0] + w[2 * i + 1] * x[1] + b[i]).relu() for i in range(2)]
    return h[0] * w[4] + h[1] * w[5] + b[2]

for k in range(15):
    loss = Value(0.0)
    for x, y in zip(xs, ys):
        d = model(x) + (-y)
        loss = loss + d * d
    for p in w + b:
        p.grad = 0.0
    loss.backward()
    for p in w + b:
        p.data -= 0.02 * p.grad
    if k % 5 == 0:
        print(k, loss.data)
