"""Splits data into batches. An epoch contains every example once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of an epoch: `size` examples each, the last one may be smaller.

    >>> Batches(examples=10, size=4).count
    3
    """

    examples: int
    size: int

    @property
    def count(self) -> int:
        """The number of batches in an epoch."""
        return -(-self.examples // self.size)

    def length(self, position: int) -> int:
        """The number of examples in a batch.

        >>> [Batches(examples=10, size=4).length(position) for position in range(3)]
        [4, 4, 2]
        """
        return min(self.size, self.examples - position * self.size)

    def select(self, arrays: Mapping[str, np.ndarray], position: int, order: np.ndarray | None) -> dict[str, np.ndarray]:
        """The rows of a batch. `order` is a permutation of all examples; None keeps the order of the data."""
        rows = slice(position * self.size, (position + 1) * self.size)
        return {name: array[rows if order is None else order[rows]] for name, array in arrays.items()}
