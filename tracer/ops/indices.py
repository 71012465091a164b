"""Indices of array elements."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Index: TypeAlias = tuple[Any, ...]
Shape: TypeAlias = tuple[int, ...]


NO_ELEMENT = -1
"""Stands for no element in an array of flat indices, where rows have different lengths."""


def unraveled(position: Any, shape: Shape) -> Index:
    """The index of the element at a position in C order; of arrays of positions, arrays.

    >>> unraveled(4, (2, 3)), unraveled(0, ())
    ((1, 1), ())
    """
    found = np.unravel_index(position, shape) if shape else ()
    return found if isinstance(position, np.ndarray) else tuple(map(int, found))


def flat_indices(part: Index, shape: Shape, elements: int) -> np.ndarray:
    """The flat indices [elements, terms] of a part, in an array of a shape. It consists of arrays [elements] and slices.

    >>> flat_indices((np.array([0, 1]), slice(None)), (2, 3), 2)
    array([[0, 1, 2],
           [3, 4, 5]])
    """
    indices = np.zeros((elements, 1), dtype=np.intp)
    for size, one in zip(shape, part, strict=True):
        if isinstance(one, slice):
            indices = (indices[:, :, None] * size + np.arange(size)[one]).reshape(elements, -1)
        else:
            indices = indices * size + np.reshape(one, (-1, 1))
    return indices


def broadcast_index(index: Index, shape: tuple[int, ...]) -> Index:
    """The index, in an array of a shape, of the element that is broadcast to `index`.

    >>> broadcast_index((4, 2), (3,)), broadcast_index((4, 2), (5, 1)), broadcast_index((4, 2), ())
    ((2,), (4, 0), ())
    """
    last = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else position for position, size in zip(last, shape, strict=True))
