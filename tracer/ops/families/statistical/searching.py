"""Positions of elements: nonzero ones, places in sorted arrays, and distinct values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call, Op
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape
from tracer.ops.several_results import SeveralResults


class OfWholeArray(Op):
    """Base of operations whose output elements depend on all elements of their inputs."""

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return tuple((slice(None),) * np.ndim(each) for each in inputs)


class Nonzero(OfWholeArray, SeveralResults):
    """The indices of the elements that are not 0, an array for each axis. They have no gradient."""

    implements = np.nonzero
    formula = "nonzero({x})[{part}]"
    domain = (REAL,)

    @staticmethod
    def value(x: Array, *, part: int) -> Array:
        return np.nonzero(x)[part]

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return max(1, np.ndim(inputs[0]))  # without axes, NumPy raises

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return tuple(results)


class Flatnonzero(OfWholeArray):
    """The positions in the flattened array of the elements that are not 0. They have no gradient."""

    implements = np.flatnonzero
    formula = "flatnonzero({x})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array) -> Call:
        return (a,), {}

    value = staticmethod(lambda x: np.flatnonzero(x))


class Argwhere(OfWholeArray):
    """The indices of the elements that are not 0 [elements, axes]. They have no gradient."""

    implements = np.argwhere
    formula = "argwhere({x})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array) -> Call:
        return (a,), {}

    value = staticmethod(lambda x: np.argwhere(x))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return len(result) == 2 and result[0] <= math.prod(shapes[0]) and result[1] == len(shapes[0])


class Searchsorted(OfWholeArray):
    """The positions at which elements are inserted into a sorted array to keep it sorted. They have no gradient."""

    implements = np.searchsorted
    formula = "searchsorted({a}, {v}, side={side})"
    domain = REAL, REAL

    @staticmethod
    def call(a: Array, v: Array, side: str = "left", sorter: Array = None) -> Call:
        return (a, v) if sorter is None else (a, v, sorter), {"side": str(side)}

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return tuple(index if place == 1 else (slice(None),) * np.ndim(each) for place, each in enumerate(inputs))

    @staticmethod
    def value(a: Array, v: Array, sorter: Array = None, *, side: str) -> Array:
        return np.searchsorted(a, v, side, sorter)  # type: ignore[call-overload]

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return result == tuple(shapes[1])


class Digitize(OfWholeArray):
    """The position of the bin that each element falls into. It has no gradient."""

    implements = np.digitize
    formula = "digitize({x}, {bins}{options})"
    domain = REAL, REAL

    @staticmethod
    def call(x: Array, bins: Array, right: Any = False) -> Call:
        return (x, bins), {"right": bool(right)}

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return index, (slice(None),) * np.ndim(inputs[1])

    @staticmethod
    def value(x: Array, bins: Array, *, right: bool) -> Array:
        return np.digitize(x, bins, right)


class Unique(OfWholeArray):
    """Of the distinct elements in ascending order, or the distinct slices along an axis: where they are, or how many.

    `returned` is index (of their first occurrences), inverse or counts, as NumPy returns them. They have no gradient.
    """

    formula = "unique({x})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, **parameters: Any) -> Call:
        return (x,), parameters

    @staticmethod
    def value(x: Array, *, returned: str, axis: int | None, equal_nan: bool) -> Array:
        return np.unique(x, axis=axis, equal_nan=equal_nan, **{f"return_{returned}": True})[1]  # type: ignore[call-overload]

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return math.prod(result) <= math.prod(shapes[0])

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        axis = "" if parameters["axis"] is None else f", axis={parameters['axis']}"
        return f"unique({{0}}{axis}, return_{parameters['returned']}=True)"
