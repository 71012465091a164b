import numpy as np
from dataclasses import dataclass, field


@dataclass
class Parameters:
    w1: np.ndarray
    b1: np.ndarray
    w2: np.ndarray
    b2: np.ndarray
    grads: dict = field(default_factory=dict)


def leaky(z, slope=0.1):
    return np.where(z > 0, z, slope * z)


def leaky_prime(z):
    return np.where(z > 0, 1.0, 0.0)


def train(p, x, t, rate, epochs):
    for _ in range(epochs):
        z = x @ p.w1 + p.b1
        a = leaky(z)
        pred = a @ p.w2 + p.b2
        objective = np.mean(np.square(pred - t)) / 2
        e = (pred - t) / t.size
        p.grads["w2"] = a.T @ e
        p.grads["b2"] = e.sum(axis=0)
        back = e @ p.w2.T
        dz = back * leaky_prime(z)
        p.grads["w1"] = x.T @ dz
        p.grads["b1"] = dz.sum(axis=0)
        for name, g in p.grads.items():
            setattr(p, name, getattr(p, name) - rate * g)
    return objective


rng = np.random.default_rng(37)
x = rng.normal(size=(14, 2))
t = x[:, :1] ** 2 - x[:, 1:]
p = Parameters(rng.normal(size=(2, 6)), np.zeros(6), rng.normal(size=(6, 1)) * 0.3, np.zeros(1))
print(train(p, x, t, 0.1, 50))
