"""Cuts the data into batches: an epoch takes every example once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Batches:
    """How many examples there are, and how many go into a batch; the last, smaller batch counts.

    >>> Batches(examples=10, size=4).count
    3
    """

    examples: int
    size: int

    @property
    def count(self) -> int:
        """The batches of an epoch."""
        return math.ceil(self.examples / self.size)

    def length(self, position: int) -> int:
        """The examples of one batch.

        >>> [Batches(examples=10, size=4).length(position) for position in range(3)]
        [4, 4, 2]
        """
        return min(self.size, self.examples - position * self.size)

    def cut(self, arrays: Mapping[str, np.ndarray], position: int, order: np.ndarray | None) -> dict[str, np.ndarray]:
        """The rows of one batch; `order` is the order of all examples in this epoch, None for that of the data."""
        part = slice(position * self.size, (position + 1) * self.size)
        return {name: array[part if order is None else order[part]] for name, array in arrays.items()}
