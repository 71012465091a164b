"""Operations that choose elements by indices, by conditions, or from several arrays. Indices and conditions have no gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.axes import axis_from_start
from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.indices import Shape
from tracer.ops.movement import Movement


class TakeAt(Movement):
    """`np.take`: the elements at indices along an axis, or of the flat array.

    Indices beyond the end are an error, or by `mode` wrap around or are clipped.
    """

    implements = np.take
    formula = "take({x}, {indices}{options})"
    domain = (REAL,)
    selectors = ("indices",)

    @staticmethod
    def call(a: Array, indices: Any, axis: Any = None, *, mode: str = "raise") -> Call:
        along = None if axis is None else axis_from_start(axis, np.ndim(a))
        return (a, _positions(indices)), {"axis": along, **({} if mode == "raise" else {"mode": mode})}

    @staticmethod
    def value(x: Array, indices: Array, *, axis: int | None, mode: Any = "raise") -> Array:
        return np.take(x, indices, axis, mode=mode)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        (shape, indices), axis = shapes, parameters["axis"]
        return result == (indices if axis is None else (*shape[:axis], *indices, *shape[axis + 1 :]))


class TakeAlongAxis(Movement):
    """The elements at indices along an axis, other indices for every position along the other axes."""

    implements = np.take_along_axis
    formula = "take_along_axis({x}, {indices}, {axis})"
    domain = (REAL,)
    selectors = ("indices",)

    @staticmethod
    def call(arr: Array, indices: Any, axis: Any = -1) -> Call:
        return (arr, indices), {"axis": None if axis is None else axis_from_start(axis, np.ndim(arr))}

    @staticmethod
    def value(x: Array, indices: Array, *, axis: int | None) -> Array:
        return np.take_along_axis(x, indices, axis)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        (shape, indices), axis = shapes, parameters["axis"]
        if axis is None:
            return result == indices
        alike = (*shape[:axis], indices[axis], *shape[axis + 1 :])
        return result == np.broadcast_shapes(alike, indices)


class Choose(Movement):
    """For each element of an array of integers, the element of the choice with that number. All are broadcast."""

    implements = np.choose
    formula = "choose({a}, {choices}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, choices: Any, *, mode: str = "raise") -> Call:
        return (a, *choices), {} if mode == "raise" else {"mode": mode}

    @staticmethod
    def value(a: Array, first: Array, *others: Array, mode: Any = "raise") -> Array:
        return np.choose(a, (first, *others), mode=mode)

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return position > 0

    @classmethod
    def input_name(cls, position: int) -> str:
        return f"choices[{position - 1}]" if position else "a"

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return result == np.broadcast_shapes(*shapes)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        choices = ", ".join(f"{{{place}}}" for place in range(1, count))
        mode = f", mode={parameters['mode']!r}" if parameters else ""
        return f"choose({{0}}, [{choices}]{mode})"


class Compress(Movement):
    """The slices along an axis, or the elements of the flat array, for which a condition holds."""

    implements = np.compress
    formula = "compress({condition}, {x}{options})"
    domain = (REAL,)
    selectors = ("condition",)

    @staticmethod
    def call(condition: Any, a: Array, axis: Any = None) -> Call:
        return (condition, a), {"axis": None if axis is None else axis_from_start(axis, np.ndim(a))}

    @staticmethod
    def value(condition: Array, x: Array, *, axis: int | None) -> Array:
        return np.compress(condition, x, axis)


class Extract(Movement):
    """The elements at which a condition holds, in one axis."""

    implements = np.extract
    formula = "extract({condition}, {x})"
    domain = (REAL,)
    selectors = ("condition",)

    @staticmethod
    def call(condition: Any, arr: Array) -> Call:
        return (condition, arr), {}

    @staticmethod
    def value(condition: Array, x: Array) -> Array:
        return np.extract(condition, x)


class Select(Movement):
    """The element of the first choice whose condition holds; elsewhere the default. All are broadcast.

    The inputs are the default, then each condition before its choice.
    """

    implements = np.select
    formula = "select({default}, {conditions}, {choices})"
    domain = (REAL,)

    @staticmethod
    def call(condlist: Any, choicelist: Any, default: Any = 0) -> Call:
        if len(condlist) != len(choicelist):
            raise ValueError("list of cases must be same length as list of conditions")
        return (default, *(each for pair in zip(condlist, choicelist, strict=True) for each in pair)), {}

    @staticmethod
    def value(default: Array, *pairs: Array) -> Array:
        return np.select(pairs[::2], pairs[1::2], default)

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return position % 2 == 0

    @classmethod
    def input_name(cls, position: int) -> str:
        kind = "choicelist" if position % 2 == 0 else "condlist"
        return f"{kind}[{(position - 1) // 2}]" if position else "default"

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return result == np.broadcast_shapes(*shapes)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        conditions, choices = (", ".join(f"{{{place}}}" for place in range(first, count, 2)) for first in (1, 2))
        return f"select([{conditions}], [{choices}], {{0}})"


class Delete(Movement):
    """An array without the slices at some positions along an axis; of the flat array, without elements."""

    implements = np.delete
    formula = "delete({x}, {obj}{options})"
    domain = (REAL,)
    selectors = ("obj",)

    @staticmethod
    def call(arr: Array, obj: Any, axis: Any = None) -> Call:
        along = None if axis is None else axis_from_start(axis, np.ndim(arr))
        size = np.size(arr) if along is None else np.shape(arr)[along]
        return (arr, np.arange(size)[obj] if isinstance(obj, slice) else _positions(obj)), {"axis": along}

    @staticmethod
    def value(x: Array, obj: Array, *, axis: int | None) -> Array:
        return np.delete(x, obj, axis)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        shape, axis = shapes[0], parameters["axis"]
        # NumPy makes a mask along the axis, also of an array without elements.
        return axis is None or math.prod(shape) > 0 or shape[axis] <= max(map(math.prod, shapes), default=0)


def _positions(given: Any) -> Any:
    """Indices as NumPy reads them: an empty list holds integers."""
    return np.asarray(given, dtype=np.intp) if isinstance(given, (list, tuple)) and not len(given) else given
