"""Splitting an array into pieces: every piece is an operation of its own."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.axes import axis_from_start
from tracer.ops.base import Array, Call
from tracer.ops.data_movement import DataMovement
from tracer.ops.domain import REAL
from tracer.ops.families.indexing import Pattern, Scatter
from tracer.ops.several_results import SeveralResults


class Pieces(SeveralResults, DataMovement):
    """Base of operations that cut an array along one axis."""

    domain = (REAL,)

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True


class Sections(Pieces):
    """Base of operations that cut before and after given positions, or into a number of pieces."""

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        at = parameters["indices_or_sections"]
        return len(at) + 1 if isinstance(at, (tuple, list)) else int(at)

    @staticmethod
    def value(x: Array, *, indices_or_sections: int | Sequence[int], axis: int, part: int) -> Array:
        own = bounds(indices_or_sections, np.shape(x)[axis], part)
        return x[(slice(None),) * axis + (own,)]

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        axis, shape = parameters["axis"], tuple(inputs[0].shape)
        own = bounds(parameters["indices_or_sections"], shape[axis], parameters["part"])
        return added_at((slice(None),) * axis + (own,), shape, g)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        at, axis = parameters["indices_or_sections"], parameters["axis"]
        along = f", axis={axis}" if axis and cls.name in ("split", "array_split") else ""
        return f"{cls.name}({{0}}, {list(at) if isinstance(at, (tuple, list)) else at}{along})[{parameters['part']}]"


class ArraySplit(Sections):
    """Pieces along an axis, before and after given positions, or a number of them as equal as possible."""

    implements = np.array_split
    formula = "array_split({x}{options})"

    @staticmethod
    def call(ary: Array, indices_or_sections: Any, axis: int = 0) -> Call:
        at = _positions(indices_or_sections)
        if isinstance(at, int) and at <= 0:
            raise ValueError("number sections must be larger than 0.")
        return (ary,), {"indices_or_sections": at, "axis": axis_from_start(axis, np.ndim(ary))}


class Split(Sections):
    """Equal pieces along an axis, or pieces before and after given positions."""

    implements = np.split
    formula = "split({x}{options})"

    @staticmethod
    def call(ary: Array, indices_or_sections: Any, axis: int = 0) -> Call:
        inputs, parameters = ArraySplit.call(ary, indices_or_sections, axis)
        at = parameters["indices_or_sections"]
        if isinstance(at, int) and np.shape(ary)[parameters["axis"]] % at:
            raise ValueError("array split does not result in an equal division")
        return inputs, parameters


class Hsplit(Sections):
    """Pieces along the second axis; of an array with one axis, along that."""

    implements = np.hsplit
    formula = "hsplit({x}{options})"

    @staticmethod
    def call(ary: Array, indices_or_sections: Any) -> Call:
        if np.ndim(ary) == 0:
            raise ValueError("hsplit only works on arrays of 1 or more dimensions")
        return Split.call(ary, indices_or_sections, min(1, np.ndim(ary) - 1))


class Vsplit(Sections):
    """Pieces along the first axis of an array with at least two."""

    implements = np.vsplit
    formula = "vsplit({x}{options})"

    @staticmethod
    def call(ary: Array, indices_or_sections: Any) -> Call:
        if np.ndim(ary) < 2:
            raise ValueError("vsplit only works on arrays of 2 or more dimensions")
        return Split.call(ary, indices_or_sections, 0)


class Dsplit(Sections):
    """Pieces along the third axis of an array with at least three."""

    implements = np.dsplit
    formula = "dsplit({x}{options})"

    @staticmethod
    def call(ary: Array, indices_or_sections: Any) -> Call:
        if np.ndim(ary) < 3:
            raise ValueError("dsplit only works on arrays of 3 or more dimensions")
        return Split.call(ary, indices_or_sections, 2)


class Unstack(Pieces):
    """The elements along an axis, each without that axis."""

    implements = np.unstack
    formula = "unstack({x}{options})"

    @staticmethod
    def call(x: Array, /, *, axis: int = 0) -> Call:
        if np.ndim(x) == 0:
            raise ValueError("Input array must be at least 1-d.")
        return (x,), {"axis": axis_from_start(axis, np.ndim(x))}

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return int(np.shape(inputs[0])[parameters["axis"]])

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return tuple(results)

    @staticmethod
    def value(x: Array, *, axis: int, part: int) -> Array:
        return x[(slice(None),) * axis + (part,)]

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        return added_at((slice(None),) * parameters["axis"] + (parameters["part"],), tuple(inputs[0].shape), g)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        along = f", axis={parameters['axis']}" if parameters["axis"] else ""
        return f"unstack({{0}}{along})[{parameters['part']}]"


def added_at(index: tuple[Any, ...], shape: tuple[int, ...], g: Array) -> Array:
    """An array of zeros of a shape with `g` at an index of slices and integers, recorded."""
    pattern: Pattern = [{"slice": [part.start, part.stop, part.step]} if isinstance(part, slice) else part for part in index]
    return g.recorder.record(Scatter, (g,), {"index": pattern, "shape": shape})


def bounds(indices_or_sections: int | Sequence[int], size: int, part: int) -> slice:
    """The elements of one piece along an axis of a size.

    >>> bounds(3, 7, 0), bounds(3, 7, 1), bounds([2, 5], 7, 1), bounds([2, 5], 7, 2)
    (slice(0, 3, None), slice(3, 5, None), slice(2, 5, None), slice(5, 7, None))
    """
    if not isinstance(indices_or_sections, int):
        ends = [0, *indices_or_sections, size]
        return slice(ends[part], ends[part + 1])
    each, longer = divmod(size, indices_or_sections)
    return slice(part * each + min(part, longer), (part + 1) * each + min(part + 1, longer))


def _positions(indices_or_sections: Any) -> int | tuple[int, ...]:
    if hasattr(indices_or_sections, "__index__") and not np.ndim(indices_or_sections):
        return operator.index(indices_or_sections)
    return tuple(operator.index(one) for one in indices_or_sections)
