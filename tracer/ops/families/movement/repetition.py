"""Operations that repeat elements or whole arrays."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.axes import axis_from_start
from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.indices import Shape
from tracer.ops.movement import Movement


class Repeat(Movement):
    """Every element repeated, along an axis or in the flat array: all equally often, or each as often as `repeats` says.

    `length` is the size of the result along the axis.
    """

    implements = np.repeat
    formula = "repeat({x}, {repeats}{options})"
    domain = (REAL,)
    selectors = ("repeats",)

    @staticmethod
    def call(a: Array, repeats: Any, axis: Any = None) -> Call:
        shape = np.shape(a)
        along = None if axis is None else axis_from_start(axis, len(shape))
        count = operator.index(repeats) if type(repeats) is not bool and isinstance(repeats, (int, np.integer)) else repeats
        if isinstance(count, (list, tuple)):
            count = np.asarray(count, dtype=None if count else np.intp)
        length = _length(getattr(count, "value", count), math.prod(shape) if along is None else shape[along])
        return (a, count), {"axis": along, "length": length}

    @staticmethod
    def value(x: Array, repeats: Array, *, axis: int | None, length: int) -> Array:
        if _length(repeats, np.size(x) if axis is None else np.shape(x)[axis]) != length:
            raise ValueError(f"{length} elements are expected along the axis")
        return np.repeat(x, repeats, axis)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        axis, length = parameters["axis"], parameters["length"]
        if axis is None:
            return result == (length,)
        return result == (*shapes[0][:axis], length, *shapes[0][axis + 1 :])

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return super().template(count, {"axis": parameters["axis"]})


MAX_COUNT_BESIDE_ZERO = 1_000_000
"""How often an empty array from a file may be repeated along another axis."""


class Tile(Movement):
    """An array repeated along its axes, and along new ones before them."""

    implements = np.tile
    formula = "tile({x}, {reps})"
    domain = (REAL,)

    @staticmethod
    def call(A: Array, reps: Any) -> Call:
        return (A,), {"reps": (operator.index(reps),) if hasattr(reps, "__index__") else tuple(map(operator.index, reps))}

    @staticmethod
    def value(x: Array, *, reps: Sequence[int]) -> Array:
        if 0 in reps:  # NumPy repeats along one axis after the other: before it comes to a 0, it has repeated along those before
            return np.zeros(_tiled(np.shape(x), tuple(reps)), dtype=np.asarray(x).dtype)
        return np.tile(x, tuple(reps))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        reps = tuple(parameters["reps"])
        # An empty result takes no memory, and has axes as long as the file says: not longer than any program would have them.
        return result == _tiled(tuple(shapes[0]), reps) and (0 not in reps or max(reps) <= MAX_COUNT_BESIDE_ZERO)


class Resize(Movement):
    """The elements in another shape, repeated from the start where they are too few, left out where they are too many."""

    implements = np.resize
    formula = "resize({x}, {shape})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, new_shape: Any) -> Call:
        return (a,), {"shape": (operator.index(new_shape),) if hasattr(new_shape, "__index__") else tuple(new_shape)}

    @staticmethod
    def value(x: Array, *, shape: Sequence[int]) -> Array:
        return np.resize(x, tuple(shape))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return tuple(parameters["shape"]) == result


def _tiled(shape: Shape, reps: tuple[int, ...]) -> Shape:
    """The shape of an array repeated along its axes.

    >>> _tiled((3,), (2, 1)), _tiled((2, 3), (2,))
    ((2, 3), (2, 6))
    """
    rank = max(len(reps), len(shape))
    sizes = zip((1,) * (rank - len(shape)) + shape, (1,) * (rank - len(reps)) + reps, strict=True)
    return tuple(size * count for size, count in sizes)


def _length(repeats: Any, size: int) -> int:
    """The sum of the counts of the elements along an axis of a size.

    >>> _length(2, 3), _length(np.array([1, 0, 2]), 3)
    (6, 3)
    """
    counts = np.asarray(repeats)
    if counts.size == 1:
        return int(counts.reshape(())) * size
    if np.any(counts > np.iinfo(np.intp).max // max(1, counts.size)):
        raise ValueError("the counts are too large")  # their sum would wrap around
    return int(np.sum(counts, dtype=np.intp))
