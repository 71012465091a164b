"""Functions for tests to differentiate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def weighted_sum(value: Any, seed: int = 1) -> Any:
    """A scalar that depends on every element with a different weight."""
    return np.sum(value * np.random.default_rng(seed).uniform(0.5, 1.5, np.shape(value)))


def weighted(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A function of `count` arguments that returns the weighted sum of `function`'s result."""

    def one(x: Any) -> Any:
        return weighted_sum(function(x))

    def two(x: Any, y: Any) -> Any:
        return weighted_sum(function(x, y))

    def several(*arguments: Any) -> Any:
        return weighted_sum(function(*arguments))

    return {1: one, 2: two}.get(count, several)
