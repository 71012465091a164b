"""Perturbs arguments, to detect which numbers of a program depend on them."""

from __future__ import annotations

import numpy as np

PERTURBATION = 1e-6
"""The size of a perturbation, relative to max(abs(x), 1)."""


def perturb(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The array with every element slightly increased."""
    increase = PERTURBATION * np.maximum(np.abs(array), 1) * rng.uniform(1, 2, array.shape)
    if np.iscomplexobj(array):
        increase = increase * np.exp(1j * rng.uniform(1, 2, array.shape))
    return np.asarray(array + increase.astype(array.dtype), dtype=array.dtype)
