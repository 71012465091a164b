"""Arrays put together from others: blocks, and elements inserted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.axes import axis_from_start
from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.families.joining import joined_elements
from tracer.ops.indices import Shape
from tracer.ops.movement import Movement


class Block(Movement):
    """An array put together from blocks in nested lists: the innermost along the last axis.

    `layout` has the lists, with the number of the input in the place of each block.
    """

    implements = np.block
    formula = "block({arrays})"
    domain = (REAL,)

    @staticmethod
    def call(arrays: Any) -> Call:
        blocks: list[Array] = []

        def numbered(part: Any) -> Any:
            if isinstance(part, list):
                return [numbered(each) for each in part]
            blocks.append(part)
            return len(blocks) - 1

        layout = numbered(arrays)
        return tuple(blocks), {"layout": layout}

    @staticmethod
    def value(*arrays: Array, layout: Any) -> Array:
        return np.block(_filled(layout, arrays))

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return sum(map(math.prod, shapes)) == math.prod(result)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"block({_layout_as_written(parameters['layout'])})"


class Insert(Movement):
    """An array with values before some positions along an axis; without an axis, in the flat array.

    `count` is how many are inserted along the axis.
    """

    implements = np.insert
    formula = "insert({x}, {obj}, {values}{options})"
    domain = (REAL,)
    selectors = ("obj",)

    @staticmethod
    def call(arr: Array, obj: Any, values: Array, axis: Any = None) -> Call:
        along = None if axis is None else axis_from_start(axis, np.ndim(arr))
        if isinstance(obj, slice):
            obj = np.arange(np.size(arr) if along is None else np.shape(arr)[along])[obj]
        elif isinstance(obj, (list, tuple)) and not len(obj):
            obj = np.asarray(obj, dtype=np.intp)
        values = joined_elements(values)
        return (arr, obj, values), {"axis": along, "count": _inserted(np.ndim(arr), obj, np.shape(values), along)}

    @staticmethod
    def value(x: Array, obj: Array, values: Array, *, axis: int | None, count: int) -> Array:
        if _inserted(np.ndim(x), obj, np.shape(values), axis) != count:
            raise ValueError(f"{count} elements are expected to be inserted along the axis")
        return np.insert(x, obj, values, axis)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        shape, axis, count = shapes[0], parameters["axis"], parameters["count"]
        if axis is None:
            return result == (math.prod(shape) + count,)
        return result == (*shape[:axis], shape[axis] + count, *shape[axis + 1 :])

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return super().template(count, {"axis": parameters["axis"]})


def _filled(layout: Any, arrays: Sequence[Array]) -> Any:
    return [_filled(part, arrays) for part in layout] if isinstance(layout, (list, tuple)) else arrays[layout]


def _layout_as_written(layout: Any) -> str:
    """The nested lists as source text, with `{0}`, `{1}`, ... for the blocks.

    >>> _layout_as_written([[0, 1], [2, 3]])
    '[[{0}, {1}], [{2}, {3}]]'
    """
    if isinstance(layout, (list, tuple)):
        return f"[{', '.join(map(_layout_as_written, layout))}]"
    return f"{{{layout}}}"


def _inserted(rank: int, obj: Any, values: Shape, axis: int | None) -> int:
    """How many elements np.insert adds along the axis.

    >>> _inserted(2, 1, (4, 3), 1), _inserted(2, [1], (3,), 1), _inserted(1, [0, 2, 2], (), None)
    (4, 3, 3)
    """
    positions = np.asarray(getattr(obj, "value", obj))
    if positions.dtype == np.bool_:
        positions = np.flatnonzero(positions)
    if positions.size != 1:
        return int(positions.size)
    rank, axis = (1, 0) if axis is None else (rank, axis)
    padded = (1,) * (rank - len(values)) + values
    # At a single position (a number, not a list) the first axis of the values goes along the axis.
    return int(padded[0] if positions.ndim == 0 else padded[axis])
