"""The memory layout of arrays, and their elements as bytes.

The last digits of a sum depend on the order of its terms, and so on the strides of the array: reproducing a result bit for bit
needs the elements and their layout. Strides are normalized: what is kept is the order of the axes, their signs, which of them
are broadcast (stride 0), and where there are gaps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np

Strides: TypeAlias = tuple[int, ...] | None
"""Strides in elements; None for the C-contiguous layout."""

HELD_IN: Mapping[str, str] = {"bfloat16": "float32"}
"""Dtypes that NumPy does not have, and that of arrays with their numbers. A bfloat16 is the upper half of a float32."""

MAX_BROADCAST_SIZE = 64_000_000
"""Maximum size in bytes of a broadcast array in a file: a guard against decompression bombs."""

MAX_GAP_RATIO = 16
"""Maximum extent of an array, as a multiple of its elements; an array with larger gaps is stored without them."""


def strides_of(array: np.ndarray) -> Strides:
    """The normalized strides of an array.

    >>> x = np.zeros((4, 6))
    >>> strides_of(x), strides_of(x.T), strides_of(x[::2, ::3]), strides_of(np.broadcast_to(x[0], (3, 6)))
    (None, (1, 6), (8, 2), (0, 1))
    >>> strides_of(x[::-1]), strides_of(np.broadcast_to(1.0, (2, 3)))
    ((-6, 1), (0, 0))
    """
    if not array.size or (array.flags.c_contiguous and array.strides == _contiguous(array.shape, array.itemsize)):
        return None
    if 0 in array.strides and array.nbytes > MAX_BROADCAST_SIZE:
        return None
    return normalize(array.shape, [stride / array.itemsize for stride in array.strides])


def normalize(shape: Sequence[int], strides: Sequence[float], *, with_gaps: bool = True) -> Strides:
    """The smallest equivalent strides; None if they are C-contiguous or the array is empty."""
    if not math.prod(shape):
        return None
    normalized = [0] * len(shape)
    next_stride, contiguous = 1, 1.0
    for axis in sorted(range(len(shape)), key=lambda axis: (abs(strides[axis]), shape[axis] > 1, -axis)):
        if not strides[axis]:
            continue
        distance = abs(strides[axis])
        next_stride *= 2 if with_gaps and distance > contiguous else 1
        normalized[axis] = next_stride if strides[axis] > 0 else -next_stride
        next_stride *= shape[axis]
        contiguous = distance * shape[axis]
    if with_gaps and _extent(shape, normalized) > MAX_GAP_RATIO * math.prod(_base_shape(shape, normalized)):
        return normalize(shape, normalized, with_gaps=False)
    return None if tuple(normalized) == _contiguous(shape, 1) else tuple(normalized)


def stored_elements(array: np.ndarray, strides: Strides) -> np.ndarray:
    """The distinct elements of an array, contiguous and in memory order, as a file stores them."""
    if strides is None:
        return np.ascontiguousarray(array)
    base = array[tuple(slice(None) if stride else slice(0, 1) for stride in strides)]
    return np.ascontiguousarray(base.transpose(_memory_order(strides)))


def array_dtype(dtype: str) -> np.dtype:
    """The dtype of the array that has the numbers of a node.

    >>> array_dtype("bfloat16"), array_dtype("float16")
    (dtype('float32'), dtype('float16'))
    """
    return np.dtype(HELD_IN.get(dtype, dtype))


@cache
def stored_dtype(dtype: str) -> np.dtype:
    """The dtype of the elements that a file has of a node: the bits of a bfloat16 as a whole number."""
    return np.dtype(np.uint16) if dtype in HELD_IN else np.dtype(dtype)


def to_stored(elements: np.ndarray, dtype: str) -> np.ndarray:
    """Elements as a file has them. Raises ValueError for a number that its dtype does not have.

    >>> to_stored(np.array([1.0, -2.0], np.float32), "bfloat16")
    array([16256, 49152], dtype=uint16)
    """
    if dtype not in HELD_IN:
        return elements
    bits = elements.view(np.uint32) if elements.dtype == array_dtype(dtype) else None
    if bits is None or np.any(bits & 0xFFFF):
        raise ValueError(f"it has a number that is no {dtype}")
    return (bits >> 16).astype(np.uint16)


def restore_array(data: bytes, dtype: str, shape: Sequence[int], strides: Strides) -> np.ndarray:
    """The read-only array with these elements; the inverse of `strides_of`, `stored_elements` and `to_stored`.

    Raises ValueError if the size does not match the shape.
    """
    base_shape = shape if strides is None else _base_shape(shape, strides)
    _check_size(data, stored_dtype(dtype), base_shape)
    elements = np.frombuffer(data, stored_dtype(dtype))
    if dtype in HELD_IN:
        elements = (elements.astype(np.uint32) << 16).view(np.float32)
        elements.flags.writeable = False
    return restore_elements(elements, shape, strides)


def bytes_as_memory(dtype: str, shape: tuple[int, ...], strides: Strides) -> tuple[np.dtype, Strides] | None:
    """The dtype, and the strides in bytes, with which stored elements are the memory of their array; None if they are not.

    `numpy.ndarray(shape, dtype, data, 0, strides)` is then what `restore_array` gives.
    """
    stored = stored_dtype(dtype)
    if dtype in HELD_IN or not math.prod(shape):
        return None
    if strides is None:
        return stored, None
    if min(strides) < 0 or _extent(shape, strides) != math.prod(_base_shape(shape, strides)):
        return None  # reversed axes, or gaps
    return stored, tuple(stride * stored.itemsize for stride in strides)


def restore_elements(elements: np.ndarray, shape: Sequence[int], strides: Strides) -> np.ndarray:
    """The array with these elements, as many as its shape and layout need; read-only unless it shares their memory."""
    if strides is None:
        return elements.reshape(shape)
    base_shape, order, dtype = _base_shape(shape, strides), _memory_order(strides), elements.dtype
    elements = elements.reshape([base_shape[axis] for axis in order])
    buffer = np.zeros(_extent(shape, strides), dtype)
    start = sum((1 - length) * stride for length, stride in zip(shape, strides) if stride < 0)
    byte_strides = [stride * dtype.itemsize for stride in strides]
    array: np.ndarray = np.ndarray(base_shape, dtype, buffer, start * dtype.itemsize, byte_strides)
    array.transpose(order)[...] = elements
    array = np.ndarray(tuple(shape), dtype, buffer, start * dtype.itemsize, byte_strides)
    array.flags.writeable = False
    return array


def byte_count(itemsize: int, shape: Sequence[int], strides: Strides) -> int:
    """The size of the stored elements in bytes."""
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


def _contiguous(shape: Sequence[int], unit: int) -> tuple[int, ...]:
    strides = []
    for length in reversed(shape):
        strides.append(unit)
        unit *= length
    return tuple(reversed(strides))


@dataclass(frozen=True, slots=True)
class PackedArray:
    """A read-only array as its elements in memory order and its layout, which NumPy's own copies would lose."""

    elements: np.ndarray
    shape: tuple[int, ...]
    strides: Strides

    def unpacked(self) -> np.ndarray:
        """The array."""
        array = restore_elements(self.elements, self.shape, self.strides)
        array.flags.writeable = False
        return array


def pack(array: np.ndarray) -> PackedArray:
    """The array with its layout.

    >>> pack(np.zeros((4, 6)).T).unpacked().strides
    (8, 48)
    """
    strides = strides_of(array)
    return PackedArray(stored_elements(array, strides), array.shape, strides)
