import copy
import functools
from abc import ABC, abstractmethod
from collections import OrderedDict, namedtuple

import numpy as np

Batch = namedtuple("Batch", ["inputs", "targets"])


class Module(ABC):
    def __init__(self):
        self._parameters = OrderedDict()

    def __setattr__(self, name, value):
        if isinstance(value, np.ndarray) and name.isupper():
            self._parameters[name] = value
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name):
        if name != "_parameters" and name in self._parameters:
            return self._parameters[name]
        raise AttributeError(name)

    @abstractmethod
    def forward(self, x):
        ...

    def __call__(self, x):
        return self.forward(x)


class Linear(Module):
    __slots__ = ()

    def __init__(self, n_in, n_out, rng):
        super().__init__()
        self.W = rng.randn(n_in, n_out) * 0.3
        self.B = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.B

    def gradients(self, dout):
        return {"W": self.x.T @ dout, "B": dout.sum(0)}

    @property
    def norm(self):
        return float(np.sqrt(sum((p ** 2).sum() for p in self._parameters.values())))


def counted(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)
    wrapper.calls = 0
    return wrapper


@counted
def squared_error(prediction, target):
    return ((prediction - target) ** 2).mean()


rng = np.random.RandomState(1)
batch = Batch(rng.randn(8, 3), rng.randn(8, 2))
model = Linear(3, 2, rng)
best, best_loss = None, float("inf")
for step in range(25):
    prediction = model(batch.inputs)
    loss = squared_error(prediction, batch.targets)
    if loss < best_loss:
        best, best_loss = copy.deepcopy(model), loss
    for name, gradient in model.gradients(2 * (prediction - batch.targets) / prediction.size).items():
        model._parameters[name] -= 0.1 * gradient
print(squared_error.calls, best_loss, best.norm, model.norm)
print(type(model.W), isinstance(model.W, np.ndarray), type(loss), type(best_loss) is np.float64)
