"""A GAN: a generator and a discriminator, each with a loss and an optimizer of its own, learn the mean of some numbers."""

import numpy as np

from tracer import SGD, Scenario


def numbers(rng):
    return {"real": rng.normal(3, 0.5, size=(8, 1)), "noise": rng.normal(size=(8, 1))}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def model(real, noise, gw, gb, dw, db):
    fake = noise * gw + gb
    return {"of_real": sigmoid(real * dw + db), "of_fake": sigmoid(fake * dw + db)}


def discriminator_loss(of_real, of_fake):
    return -np.mean(np.log(of_real) + np.log(1 - of_fake))


def generator_loss(of_fake):
    return -np.mean(np.log(of_fake))


scenario = Scenario(
    data=numbers,
    parameters={"gw": 1.0, "gb": 0.0, "dw": 0.1, "db": 0.0},
    model=model,
    loss={"discriminator": discriminator_loss, "generator": generator_loss},
    groups={"discriminator": ("dw", "db"), "generator": ("gw", "gb")},
    optimizer={"discriminator": SGD(learning_rate=0.1), "generator": SGD(learning_rate=0.1)},
    steps=20,
)
