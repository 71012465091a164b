"""Weight initializers of Keras and PyTorch."""

from __future__ import annotations

import math

import numpy as np


def glorot_uniform(rng: np.random.Generator, inputs: int, outputs: int) -> np.ndarray:
    """Weights [inputs, outputs], uniform in +-sqrt(6 / (inputs + outputs)): the default of Keras' Dense layer.

    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010, eq. 16.

    >>> bool(np.abs(glorot_uniform(np.random.default_rng(0), 2, 4)).max() <= 1)
    True
    """
    limit = math.sqrt(6 / (inputs + outputs))
    return rng.uniform(-limit, limit, size=(inputs, outputs))


def linear_uniform(rng: np.random.Generator, inputs: int, shape: int | tuple[int, ...]) -> np.ndarray:
    """Weights or biases of any shape, uniform in +-1 / sqrt(inputs), where `inputs` are those of the layer: PyTorch's Linear.

    >>> bool(np.abs(linear_uniform(np.random.default_rng(0), 4, (4, 2))).max() <= 0.5)
    True
    """
    limit = 1 / math.sqrt(inputs)
    return rng.uniform(-limit, limit, size=shape)
