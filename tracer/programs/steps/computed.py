"""The values that a program computes in its backward pass, to find the gradients among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from tracer.graph.own_gradients import TOLERANCE, agreement, is_gradient_name

MAX_SIZE = 1_000
"""Elements of arrays that are compared together, as rows of one array; of larger ones a comparison is no small part."""


class Computed:
    """Arrays by the ids of the tape, with the names that they are assigned to."""

    def __init__(self, arrays: Mapping[int, np.ndarray], names: Mapping[int, str]) -> None:
        self._arrays = arrays
        self._ids: dict[int, list[int]] = defaultdict(list)
        self._named: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for id, array in arrays.items():
            self._ids[array.size].append(id)
            self._named[array.size][names[id]].append(id)
        self._rows = {size: np.stack([arrays[id].ravel() for id in ids]) for size, ids in self._ids.items() if size <= MAX_SIZE}

    def same_as(self, true: np.ndarray) -> list[int]:
        """The ids of the arrays that agree with a gradient, in their order."""
        ids = self._ids.get(true.size, [])
        rows = self._rows.get(true.size)
        if rows is not None:
            ids = [ids[row] for row in np.flatnonzero(_may_agree(rows, true.ravel()))]
        return [id for id in ids if agreement(self._arrays[id], true).is_same]

    def named_as_gradient_of(self, name: str, size: int) -> list[int]:
        """The ids of the arrays of this size that are named as the gradient of a variable, in their order."""
        found = (ids for own, ids in self._named[size].items() if is_gradient_name(own, name))
        return sorted(id for ids in found for id in ids)


def _may_agree(rows: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Whether each row is near a gradient, or holds what cannot be subtracted: few of many, which are then compared exactly."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(rows - true).max(axis=1)
    may_agree: np.ndarray = np.logical_not(apart > 2 * TOLERANCE * np.abs(true).max())
    return may_agree
