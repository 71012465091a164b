"""Windows that slide over an array."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.axes import Axes, axis_from_start
from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.indices import Shape
from tracer.ops.movement import Movement


class SlidingWindowView(Movement):
    """All windows of a shape: the axes of their positions, then those of the elements in a window."""

    implements = np.lib.stride_tricks.sliding_window_view
    formula = "sliding_window_view({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, window_shape: Any, axis: Any = None) -> Call:
        shape = (operator.index(window_shape),) if hasattr(window_shape, "__index__") else tuple(window_shape)
        along = axis if axis is None or isinstance(axis, (tuple, list)) else (axis,)
        axes = None if along is None else tuple(axis_from_start(one, np.ndim(x)) for one in along)
        return (x,), {"window_shape": tuple(operator.index(size) for size in shape), "axis": axes}

    @staticmethod
    def value(x: Array, *, window_shape: Sequence[int], axis: Axes) -> Array:
        return np.lib.stride_tricks.sliding_window_view(x, tuple(window_shape), axis)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        sizes = list(shapes[0])
        axes = range(len(sizes)) if parameters["axis"] is None else parameters["axis"]
        for axis, size in zip(axes, parameters["window_shape"], strict=True):
            sizes[axis] -= size - 1
        return result == (*sizes, *parameters["window_shape"])
