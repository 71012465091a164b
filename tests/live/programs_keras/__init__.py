"""Programs of Keras on the torch backend, as functions that return the model. A program knows nothing of the recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int64")


def lesson() -> Any:
    """The program of the lesson: two layers, Adam, validation and a metric."""
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2, activation="softmax")])
    model.build(input_shape=[None, 3])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss=loss, metrics=["accuracy"])
    labels = np.eye(2)[Y]
    history = model.fit(X[:10], labels[:10], validation_data=(X[10:], labels[10:]), epochs=3, batch_size=10, verbose=0)
    print([f"{value:.6f}" for value in history.history["val_loss"]])
    return model


def layers() -> Any:
    """A functional model with a model in it, normalization, dropout, and weights that are not trained; two batches an epoch."""
    encoder = keras.Sequential([keras.layers.Dense(5), keras.layers.BatchNormalization()], name="encoder")
    inputs = keras.Input((3,))
    hidden = keras.layers.Dropout(0.3)(keras.activations.tanh(encoder(inputs)))
    frozen = keras.layers.Dense(4, trainable=False, name="frozen")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(frozen))
    model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9), loss="mse")
    model.fit(X, Y.astype("float32"), epochs=2, batch_size=6, verbose=0, shuffle=False)
    return model


class OwnStep(keras.Model):
    """A model with a step of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)

    def train_step(self, data: Any) -> Any:
        x, y = data
        self.zero_grad()
        logits = self(x, training=True)
        cross_entropy = self.compute_loss(y=y, y_pred=logits)
        cross_entropy.backward()
        weights = list(self.trainable_weights)
        with torch.no_grad():
            self.optimizer.apply([each.value.grad for each in weights], weights)
        return {"loss": cross_entropy}


def own_step() -> Any:
    """`fit` of a model with a step of its own, and Adam with settings."""
    model = OwnStep()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.AdamW(0.01, beta_1=0.8, clipnorm=1.0), loss=loss)
    model.fit(X, Y, epochs=3, batch_size=12, verbose=0, shuffle=False)
    return model


def own_loop() -> Any:
    """A loop without `fit`, with an optimizer of Keras for one model and one of PyTorch for another."""
    first, second = keras.Sequential([keras.layers.Dense(2)]), keras.Sequential([keras.layers.Dense(1)])
    first.build((None, 3)), second.build((None, 2))
    one, other = keras.optimizers.RMSprop(0.01), torch.optim.SGD(second.parameters(), lr=0.1)
    for _ in range(3):
        loss = (second(first(torch.from_numpy(X))) ** 2).mean()
        first.zero_grad(), second.zero_grad()
        loss.backward()
        weights = first.trainable_weights
        with torch.no_grad():
            one.apply([each.value.grad for each in weights], weights)
        other.step()
    return keras.Sequential([first, second])


def mixed_precision() -> Any:
    """Layers that compute in bfloat16, with weights in float32."""
    layer = keras.layers.Dense(2, dtype="mixed_bfloat16")
    model = keras.Sequential([layer, keras.layers.Dense(1, dtype="float32")])
    model.compile(optimizer="adam", loss="mse")
    for _ in range(2):
        model.train_on_batch(X, Y[:, None].astype("float32"))
    return model


PROGRAMS: dict[str, Callable[[], Any]] = {each.__name__: each for each in (lesson, layers, own_step, own_loop, mixed_precision)}
"""The programs by name."""
