"""The memory layout of an array, and its elements as bytes.

The last digits of a sum depend on the order in which its terms are met, and so on the strides of the array: what is to be
computed again bit for bit needs its elements and their layout. Of the strides only the kind is kept: the order of the
axes, their signs, which of them repeat an element (stride 0), and where there are gaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Strides: TypeAlias = tuple[int, ...] | None
"""Strides in elements; None for the usual layout, row by row without gaps."""

LARGEST_REPEATED = 64_000_000
"""Upper bound in bytes on broadcast arrays accepted from a file: a guard against decompression bombs."""

LOOSEST = 16
"""Maximum size of the gaps in an array, as a multiple of its elements; an array with larger gaps is stored without them."""


def strides_of(array: np.ndarray) -> Strides:
    """The kind of strides of an array, as the smallest strides of that kind.

    >>> x = np.zeros((4, 6))
    >>> strides_of(x), strides_of(x.T), strides_of(x[::2, ::3]), strides_of(np.broadcast_to(x[0], (3, 6)))
    (None, (1, 6), (8, 2), (0, 1))
    >>> strides_of(x[::-1]), strides_of(np.broadcast_to(1.0, (2, 3)))
    ((-6, 1), (0, 0))
    """
    if not array.size or (array.flags.c_contiguous and array.strides == _usual(array.shape, array.itemsize)):
        return None
    if 0 in array.strides and array.nbytes > LARGEST_REPEATED:
        return None
    return smallest(array.shape, [stride / array.itemsize for stride in array.strides])


def smallest(shape: Sequence[int], strides: Sequence[float], *, with_gaps: bool = True) -> Strides:
    """The smallest strides of the same kind; None where they are the usual ones, and for an array without elements."""
    if not math.prod(shape):
        return None
    found = [0] * len(shape)
    place, expected = 1, 1.0
    for axis in sorted(range(len(shape)), key=lambda axis: (abs(strides[axis]), shape[axis] > 1, -axis)):
        if not strides[axis]:
            continue
        distance = abs(strides[axis])
        place *= 2 if with_gaps and distance > expected else 1
        found[axis] = place if strides[axis] > 0 else -place
        place *= shape[axis]
        expected = distance * shape[axis]
    if with_gaps and _extent(shape, found) > LOOSEST * math.prod(_base_shape(shape, found)):
        return smallest(shape, found, with_gaps=False)
    return None if tuple(found) == _usual(shape, 1) else tuple(found)


def elements_of(array: np.ndarray, strides: Strides) -> np.ndarray:
    """The elements of an array in the order of memory, each once: what its bytes are made of."""
    if strides is None:
        return np.ascontiguousarray(array)
    base = array[tuple(slice(None) if stride else slice(0, 1) for stride in strides)]
    return np.ascontiguousarray(base.transpose(_memory_order(strides)))


def array_of(data: bytes, dtype: np.dtype, shape: Sequence[int], strides: Strides) -> np.ndarray:
    """The read-only array of these elements; the inverse of `strides_of` and `elements_of`.

    Raises ValueError where the number of bytes is not that of the shape.
    """
    if strides is None:
        _check_size(data, dtype, shape)
        return np.frombuffer(data, dtype).reshape(shape)
    base_shape = _base_shape(shape, strides)
    _check_size(data, dtype, base_shape)
    order = _memory_order(strides)
    elements = np.frombuffer(data, dtype).reshape([base_shape[axis] for axis in order])
    held = np.zeros(_extent(shape, strides), dtype)
    start = sum((1 - length) * stride for length, stride in zip(shape, strides) if stride < 0)
    steps = [stride * dtype.itemsize for stride in strides]
    array: np.ndarray = np.ndarray(base_shape, dtype, held, start * dtype.itemsize, steps)
    array.transpose(order)[...] = elements
    array = np.ndarray(tuple(shape), dtype, held, start * dtype.itemsize, steps)
    array.flags.writeable = False
    return array


def byte_count(itemsize: int, shape: Sequence[int], strides: Strides) -> int:
    """How many bytes the elements take."""
    return itemsize * math.prod(shape if strides is None else _base_shape(shape, strides))


def _check_size(data: bytes, dtype: np.dtype, shape: Sequence[int]) -> None:
    expected = dtype.itemsize * math.prod(shape)
    if len(data) != expected:
        raise ValueError(f"it has {len(data)} bytes, {expected} are needed for {dtype}{tuple(shape)}")


def _base_shape(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    return tuple(length if stride else min(length, 1) for length, stride in zip(shape, strides, strict=True))


def _memory_order(strides: Sequence[int]) -> list[int]:
    return sorted(range(len(strides)), key=lambda axis: (-abs(strides[axis]), axis))


def _extent(shape: Sequence[int], strides: Sequence[int]) -> int:
    return 1 + sum((length - 1) * abs(stride) for length, stride in zip(shape, strides, strict=True) if length)


def _usual(shape: Sequence[int], unit: int) -> tuple[int, ...]:
    strides = []
    for length in reversed(shape):
        strides.append(unit)
        unit *= length
    return tuple(reversed(strides))
