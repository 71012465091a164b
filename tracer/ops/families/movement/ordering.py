"""Sorting. A sorted element is a copy; where elements are equal, the gradient goes to them in the order in which they stand.

Orders themselves (argsort, argpartition) have no gradient.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.axes import axis_from_start
from tracer.ops.base import Array, Call, Op
from tracer.ops.domain import REAL
from tracer.ops.indices import Index
from tracer.ops.movement import Movement


class Ordering(Movement):
    """Base of operations that put elements along an axis, or those of the flat array, in another order, by their values."""

    domain = (REAL,)
    squares_terms = False  # squares have another order
    between_slopes = False

    @classmethod
    def positions(cls, moved: int, inputs: Sequence[Any], parameters: Mapping[str, Any]) -> np.ndarray:
        (x,) = inputs
        axis, shape = parameters["axis"], np.shape(x)
        numbers = np.arange(np.size(x)).reshape(shape)
        flat = -1 if axis is None else axis
        rows, numbers = (np.ravel(x), np.ravel(numbers)) if axis is None else (np.asarray(x), numbers)
        ranks = _ranks(cls.value(rows, **{**parameters, "axis": flat}), flat)
        return np.take_along_axis(np.take_along_axis(numbers, _order(rows, flat), flat), ranks, flat)

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        return np.stack([np.imag(x).ravel()[cls.positions(0, (np.real(x),), parameters)] for x in inputs[0]])

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        x, axis = np.asarray(inputs[0]), parameters["axis"]
        rows, axis = (x.ravel(), 0) if axis is None else (x, axis)
        ordered = np.sort(rows, axis)
        equal = np.diff(ordered, axis=axis) == 0
        none = np.zeros_like(np.take(rows, [0], axis), dtype=bool) if rows.shape[axis] else np.zeros_like(rows, dtype=bool)
        tied = np.concatenate([none, equal], axis) | np.concatenate([equal, none], axis) if rows.shape[axis] else none
        ranks = _ranks(rows, axis)
        return np.where(np.take_along_axis(tied, ranks, axis), 0, ranks + 1)


class Sort(Ordering):
    """Elements in ascending order along an axis, or of the flat array; NaN comes last."""

    implements = np.sort
    formula = "sort({x}{options})"
    accepts_complex = False  # complex numbers have no order

    @staticmethod
    def call(a: Array, axis: Any = -1, kind: str | None = None, *, stable: bool | None = None) -> Call:
        options = {"kind": kind, "stable": stable}
        given = {name: option for name, option in options.items() if option is not None}
        return (a,), {"axis": None if axis is None else axis_from_start(axis, np.ndim(a)), **given}

    @staticmethod
    def value(x: Array, *, axis: int | None, kind: Any = None, stable: bool | None = None) -> Array:
        return np.sort(x, axis, kind, stable=stable)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return np.ravel(x)[Sort.positions(0, (np.real(x),), parameters)]

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: int | None, **_: Any) -> Array:
        if axis is None:
            ranks = np.argsort(np.argsort(np.ravel(x), kind="stable"))
            return np.reshape(np.take_along_axis(g, ranks, 0), x.shape)
        return np.take_along_axis(g, np.argsort(np.argsort(x, axis, "stable"), axis), axis)


class Partition(Ordering):
    """Elements in an order in which those at the positions `kth` are where they are in the sorted array."""

    implements = np.partition
    formula = "partition({x}{options})"
    accepts_complex = False  # complex numbers have no order

    @staticmethod
    def call(a: Array, kth: Any, axis: Any = -1, kind: str = "introselect") -> Call:
        places = (operator.index(kth),) if hasattr(kth, "__index__") else tuple(map(operator.index, kth))
        return (a,), {"kth": places, "axis": None if axis is None else axis_from_start(axis, np.ndim(a))}

    @staticmethod
    def value(x: Array, *, kth: Sequence[int], axis: int | None) -> Array:
        return np.partition(x, tuple(kth), axis)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return np.ravel(x)[Partition.positions(0, (np.real(x),), parameters)]

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, kth: Sequence[int], axis: int | None) -> Array:
        along = 0 if axis is None else axis
        in_order = np.take_along_axis(g, np.argsort(out, along, "stable"), along)
        rows = np.ravel(x) if axis is None else x
        ranks = np.argsort(np.argsort(rows, along, "stable"), along)
        return np.reshape(np.take_along_axis(in_order, ranks, along), x.shape)


class Order(Op):
    """Base of operations whose result are the indices that put elements along an axis in another order."""

    domain = (REAL,)

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        axis = parameters["axis"]
        whole = (slice(None),)
        return (whole * np.ndim(inputs[0]) if axis is None else (*index[:axis], *whole, *index[axis + 1 :]),)


class Argsort(Order):
    """The indices that sort an array along an axis, or the flat array. They have no gradient."""

    implements = np.argsort
    formula = "argsort({x}{options})"
    call = Sort.call

    @staticmethod
    def value(x: Array, *, axis: int | None, kind: Any = None, stable: bool | None = None) -> Array:
        return np.argsort(x, axis, kind, stable=stable)


class Argpartition(Order):
    """The indices that partition an array: those at the positions `kth` are where they are in argsort. No gradient."""

    implements = np.argpartition
    formula = "argpartition({x}{options})"
    call = Partition.call

    @staticmethod
    def value(x: Array, *, kth: Sequence[int], axis: int | None) -> Array:
        return np.argpartition(x, tuple(kth), axis)


def _order(x: Array, axis: int) -> np.ndarray:
    return np.argsort(x, axis, "stable")


def _ranks(x: Array, axis: int) -> np.ndarray:
    """The position of every element in the sorted array."""
    return np.argsort(_order(x, axis), axis)
