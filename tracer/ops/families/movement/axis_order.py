"""Operations that give axes another order, or flatten them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tracer.ops.axes import axis_from_start
from tracer.ops.base import Array, Call
from tracer.ops.data_movement import DataMovement
from tracer.ops.domain import REAL
from tracer.ops.families.shaping import in_order


class MatrixTranspose(DataMovement):
    """Exchange of the last two axes."""

    implements = np.matrix_transpose, np.linalg.matrix_transpose
    formula = "matrix_transpose({x})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, /) -> Call:
        if np.ndim(x) < 2:
            raise ValueError(f"Input array must be at least 2-dimensional, but it is {np.ndim(x)}")
        return (x,), {}

    @staticmethod
    def value(x: Array) -> Array:
        return np.matrix_transpose(x)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return np.matrix_transpose(g)


class Rollaxis(DataMovement):
    """An axis moved before another; the others keep their order."""

    implements = np.rollaxis
    formula = "rollaxis({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, axis: int, start: int = 0) -> Call:
        return (a,), {"axis": axis_from_start(axis, np.ndim(a)), "start": operator.index(start)}

    @staticmethod
    def value(x: Array, *, axis: int, start: int) -> Array:
        return np.rollaxis(x, axis, start)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: int, start: int) -> Array:
        before = start + x.ndim if start < 0 else start
        return np.moveaxis(g, before - 1 if axis < before else before, axis)


class Flatten(DataMovement):
    """The method `flatten`: a copy with one axis, where ravel gives a view if it can."""

    formula = "flatten({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, order: str = "C") -> Call:
        return (x,), in_order(x, order)

    @staticmethod
    def value(x: Array, *, order: Any = "C") -> Array:
        return np.asarray(x).flatten(order)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, order: Any = "C") -> Array:
        return np.reshape(g, x.shape, order)
