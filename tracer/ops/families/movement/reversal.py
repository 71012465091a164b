"""Operations that reverse, rotate or roll axes."""

from __future__ import annotations

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
        return np.flip(x, axis)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes) -> Array:
        return np.flip(g, axis)
