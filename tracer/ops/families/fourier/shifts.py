"""Frequency 0 moved to the middle, and back."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.data_movement import DataMovement
from tracer.ops.domain import REAL


class Shift(DataMovement):
    """Base of the operations that move the element of frequency 0; `axes` is None for all."""

    domain = (REAL,)

    @staticmethod
    def call(x: Array, axes: Any = None) -> Call:
        several = axes is None or not hasattr(axes, "__index__")
        return (x,), {"axes": axes and tuple(map(operator.index, axes)) if several else (operator.index(axes),)}


class Fftshift(Shift):
    """Elements moved so that frequency 0 is in the middle."""

    implements = np.fft.fftshift
    formula = "fftshift({x}{options})"

    @staticmethod
    def value(x: Array, *, axes: Sequence[int] | None) -> Array:
        return np.fft.fftshift(x, axes)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axes: Sequence[int] | None) -> Array:
        return np.fft.ifftshift(g, axes)


class Ifftshift(Shift):
    """Inverse of `fftshift`."""

    implements = np.fft.ifftshift
    formula = "ifftshift({x}{options})"

    @staticmethod
    def value(x: Array, *, axes: Sequence[int] | None) -> Array:
        return np.fft.ifftshift(x, axes)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axes: Sequence[int] | None) -> Array:
        return np.fft.fftshift(g, axes)
