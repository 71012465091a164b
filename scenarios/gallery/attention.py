"""Self-attention: each place of a sequence looks at all others, weighted by how well its query fits their keys."""

import numpy as np

from tracer import Adam, Scenario

PLACES, WIDTH = 4, 3


def sequences(rng):
    x = rng.normal(size=(6, PLACES, WIDTH))
    return {"x": x, "y": x[:, ::-1]}  # the task: the sequence backwards


def weights(rng):
    drawn = {f"W{name}": rng.normal(0, 0.6, size=(WIDTH, WIDTH)) for name in "qkv"}
    return {"place": rng.normal(0, 0.6, size=(PLACES, WIDTH)), **drawn}


def softmax(z):
    exponentials = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return exponentials / np.sum(exponentials, axis=-1, keepdims=True)


def model(x, place, Wq, Wk, Wv):
    placed = x + place
    queries, keys, values = placed @ Wq, placed @ Wk, placed @ Wv
    attention = softmax(queries @ np.swapaxes(keys, 1, 2) / np.sqrt(WIDTH))
    return attention @ values


def loss(prediction, y):
    return np.mean((prediction - y) ** 2)


scenario = Scenario(data=sequences, parameters=weights, model=model, loss=loss, optimizer=Adam(learning_rate=0.05), steps=20)
