"""The random generators of model and loss, such as for dropout."""

from __future__ import annotations

import numpy as np


def generator_of(seed: int, step: int | None) -> np.random.Generator:
    """The generator of a step, from 0, or with None that of the measurements on validation data.

    It depends on nothing but the seed and the step. So a step computes the same when it is recorded alone, as by a check, and a
    measurement does not change what the steps after it draw.

    >>> [int(generator_of(7, step).integers(1000)) for step in (3, 3, 4, None)]
    [452, 452, 425, 305]
    """
    key = (0,) if step is None else (1, step)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
