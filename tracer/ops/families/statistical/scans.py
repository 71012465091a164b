"""Running sums and products along an axis."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.base import Array, Call, Op
from tracer.ops.data_movement import MAX_TRACED_ELEMENTS
from tracer.ops.domain import REAL
from tracer.ops.families.reductions import dtype_name, in_dtype_of
from tracer.ops.indices import NO_ELEMENT, Index, Shape, unraveled
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms


def scan_call(x: Array, axis: Any, dtype: Any) -> Call:
    """The input and parameters of a running sum or product. Without an axis, it runs over the flattened array."""
    chosen = {} if dtype is None else {"dtype": dtype_name(dtype)}
    return (x,), {"axis": axis if axis is None else operator.index(axis), **chosen}


class Scan(Op):
    """Base of operations whose output element at a position of an axis combines all input elements up to there."""

    domain = (REAL,)
    analytic = True

    @staticmethod
    def call(a: Array, axis: Any = None, dtype: Any = None) -> Call:
        return scan_call(a, axis, dtype)

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        (many,) = inputs
        axis = parameters["axis"]
        rows = many.reshape(len(many), -1) if axis is None else many
        if axis is None or rows.ndim == 1:
            axis = 0
        given = {name: option for name, option in parameters.items() if name != "dtype"}  # of a real array
        return np.imag(cls.value(rows, **{**given, "axis": axis % max(1, rows.ndim - 1) + 1}))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        (x,) = inputs
        axis = parameters["axis"]
        if np.ndim(x) == 0 or axis is None:
            return (unraveled(np.arange(index[0] + 1), np.shape(x)),)
        part = list(index)
        part[axis] = slice(0, index[axis] + 1)
        return (tuple(part),)

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        (x,) = inputs
        axis = 0 if parameters["axis"] is None or not np.ndim(x) else parameters["axis"] % np.ndim(x)
        numbers = np.arange(np.size(x))
        along = numbers if parameters["axis"] is None or not np.ndim(x) else numbers.reshape(np.shape(x))
        length = along.shape[axis]
        if math.prod(shape) * length > MAX_TRACED_ELEMENTS:
            return None
        rows = np.moveaxis(along, axis, -1)[..., None, :]
        reached = np.arange(shape[axis])[:, None] >= np.arange(length)
        found = np.where(reached, rows, NO_ELEMENT)
        return [np.moveaxis(found, -2, axis).reshape(math.prod(shape), length)]

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        (shape,) = shapes
        return result == ((math.prod(shape),) if parameters["axis"] is None or not shape else shape)


class Cumsum(Scan):
    """Running sum along an axis; without one, of the flattened array. The gradient is the sum of what comes after."""

    implements = np.cumsum
    formula = "cumsum({x}{options})"
    squares_terms = True

    @staticmethod
    def value(x: Array, *, axis: int | None, **options: Any) -> Array:
        return np.cumsum(x, axis=axis, **options)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: int | None, dtype: str = "") -> Array:
        along = 0 if axis is None or not x.ndim else axis
        g = in_dtype_of(x, g)
        return np.reshape(np.flip(np.cumsum(np.flip(g, along), along), along), x.shape)

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        (part,) = cls.parts(index, inputs, parameters) or (None,)
        return None if part is None else rounding_of_sum(np.asarray(inputs[0][part]), unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].joined("+")


class Cumprod(Scan):
    """Running product along an axis; without one, of the flattened array.

    The derivative with respect to a factor is the running product of the others, even if factors are 0.
    """

    implements = np.cumprod
    formula = "cumprod({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: int | None, **options: Any) -> Array:
        return np.cumprod(x, axis=axis, **options)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: int | None, dtype: str = "") -> Array:
        factors = np.astype(x, dtype) if dtype and dtype != x.dtype else x
        if axis is None or not x.ndim:
            axis, factors = 0, np.reshape(factors, (-1,))
        rows, given = np.moveaxis(factors, axis, -1), np.moveaxis(g, axis, -1)
        count = rows.shape[-1]
        # Dividing the product by a factor fails at 0. Instead, row i has factor i replaced by 1, and counts from there on.
        others = np.cumprod(np.where(np.eye(count, dtype=bool), 1, np.expand_dims(rows, -2)), axis=-1)
        later = np.triu(np.ones((count, count), dtype=bool))
        total = np.sum(np.where(later, others * np.expand_dims(given, -2), 0), axis=-1)
        return in_dtype_of(x, np.reshape(np.moveaxis(total, -1, axis), x.shape))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].joined("*")
