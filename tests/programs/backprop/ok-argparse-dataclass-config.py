import argparse
from dataclasses import dataclass

import numpy as np


@dataclass
class Config:
    lr: float = 0.1
    epochs: int = 30
    hidden: int = 5
    weight_decay: float = 1e-2


@dataclass
class Linear:
    weight: np.ndarray
    bias: np.ndarray

    @classmethod
    def create(cls, n_in: int, n_out: int, rng: np.random.Generator) -> "Linear":
        return cls(rng.uniform(-1, 1, (n_out, n_in)) / np.sqrt(n_in), np.zeros(n_out))

    def __call__(self, x):
        return x @ self.weight.T + self.bias


def train(config: Config, x, t):
    rng = np.random.default_rng(0)
    first, second = Linear.create(x.shape[1], config.hidden, rng), Linear.create(config.hidden, 1, rng)
    for epoch in range(config.epochs):
        z = first(x)
        h = z * (z > 0)
        out = second(h)
        loss = ((out - t) ** 2).sum() / (2 * len(x))
        g = (out - t) / len(x)
        gw2, gb2 = g.T @ h, g.sum(axis=0)
        gh = (g @ second.weight) * (z > 0)
        gw1, gb1 = gh.T @ x, gh.sum(axis=0)
        # decoupled weight decay
        first.weight -= config.lr * (gw1 + config.weight_decay * first.weight)
        second.weight -= config.lr * (gw2 + config.weight_decay * second.weight)
        first.bias -= config.lr * gb1
        second.bias -= config.lr * gb2
    return loss


parser = argparse.ArgumentParser()
for name, value in Config().__dict__.items():
    parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
config = Config(**vars(parser.parse_args()))
rng = np.random.default_rng(5)
x = rng.normal(size=(20, 3))
t = np.abs(x[:, :1]) - x[:, 1:2]
print(config, train(config, x, t))
