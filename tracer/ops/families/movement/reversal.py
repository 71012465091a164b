"""Operations that reverse, rotate or roll axes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tracer.ops.axes import Axes, axes_from_start
from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.movement import Movement


class Flip(Movement):
    """Elements in reverse order along axes; along all for None."""

    implements = np.flip
    formula = "flip({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(m: Array, axis: Any = None) -> Call:
        return (m,), {"axis": axes_from_start(axis, np.ndim(m))}

    @staticmethod
    def value(x: Array, *, axis: Axes) -> Array:
        return np.flip(x, None if axis is None else tuple(axis))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes) -> Array:
        return np.flip(g, axis)


class Fliplr(Movement):
    """Columns in reverse order: the second axis of an array with at least two."""

    implements = np.fliplr
    formula = "fliplr({x})"
    domain = (REAL,)

    @staticmethod
    def call(m: Array) -> Call:
        return (m,), {}

    @staticmethod
    def value(x: Array) -> Array:
        return np.fliplr(x)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return np.fliplr(g)


class Flipud(Movement):
    """Rows in reverse order: the first axis."""

    implements = np.flipud
    formula = "flipud({x})"
    domain = (REAL,)

    @staticmethod
    def call(m: Array) -> Call:
        return (m,), {}

    @staticmethod
    def value(x: Array) -> Array:
        return np.flipud(x)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        return np.flipud(g)


class Rot90(Movement):
    """Rotation by k times 90 degrees in the plane of two axes, from the first towards the second."""

    implements = np.rot90
    formula = "rot90({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(m: Array, k: int = 1, axes: Any = (0, 1)) -> Call:
        return (m,), {"k": operator.index(k), "axes": tuple(operator.index(axis) for axis in axes)}

    @staticmethod
    def value(x: Array, *, k: int, axes: tuple[int, int]) -> Array:
        return np.rot90(x, k, (axes[0], axes[1]))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, k: int, axes: tuple[int, int]) -> Array:
        return np.rot90(g, -k, axes)


class Roll(Movement):
    """Elements shifted along axes, those beyond the end to the start; without `axis`, in the order of the flat array."""

    implements = np.roll
    formula = "roll({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, shift: Any, axis: Any = None) -> Call:
        return (a,), {"shift": _integers(shift), "axis": None if axis is None else _integers(axis)}

    @staticmethod
    def value(x: Array, *, shift: tuple[int, ...], axis: tuple[int, ...] | None) -> Array:
        return np.roll(x, shift, axis)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, shift: tuple[int, ...], axis: tuple[int, ...] | None) -> Array:
        return np.roll(g, tuple(-one for one in shift), axis)


def _integers(given: Any) -> tuple[int, ...]:
    return (operator.index(given),) if hasattr(given, "__index__") else tuple(operator.index(one) for one in given)
