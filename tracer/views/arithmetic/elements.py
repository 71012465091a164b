"""The indices of the elements of a part of an array, without a list of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.ops.indices import Index


def elements_of(shape: Sequence[int], part: Index) -> Sequence[Index]:
    """The indices of the elements in a part of an array, in order.

    >>> list(elements_of((2, 3), (1, slice(None))))
    [(1, 0), (1, 1), (1, 2)]
    >>> list(elements_of((2, 3), (np.array([0, 1]), np.array([2, 2]))))
    [(0, 2), (1, 2)]
    """
    if part and isinstance(part[0], np.ndarray):
        return ListedElements(part)
    axes = [range(*each.indices(size)) if isinstance(each, slice) else range(each, each + 1) for each, size in zip(part, shape)]
    return Elements(tuple(axes) + tuple(range(size) for size in shape[len(part) :]))


class Elements(Sequence[Index]):
    """The indices of a block of an array, computed lazily: a block may have millions."""

    def __init__(self, axes: tuple[range, ...]) -> None:
        self._axes = axes

    def __len__(self) -> int:
        return math.prod(map(len, self._axes))

    def __getitem__(self, position: Any) -> Any:
        if not 0 <= position < len(self):
            raise IndexError(position)
        index = []
        for axis in reversed(self._axes):
            position, at = divmod(int(position), len(axis))
            index.append(axis[at])
        return tuple(reversed(index))


class ListedElements(Sequence[Index]):
    """The indices of elements that arrays of positions list, one array per axis."""

    def __init__(self, places: Sequence[np.ndarray]) -> None:
        self._places = places

    def __len__(self) -> int:
        return len(self._places[0])

    def __getitem__(self, position: Any) -> Any:
        return tuple(int(places[position]) for places in self._places)
