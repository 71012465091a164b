"""Arguments moved a little, to see whether the numbers of a program move with them."""

from __future__ import annotations

import numpy as np

PERTURBATION = 1e-6
"""By how much arguments are moved to see whether numbers of the code move with them."""


def perturbed(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The array with every number a little larger."""
    by = PERTURBATION * np.maximum(np.abs(array), 1) * rng.uniform(1, 2, array.shape)
    return np.asarray(array + by.astype(array.dtype), dtype=array.dtype)
