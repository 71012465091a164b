"""Operations that replace NaN and infinities or pass over them: nan_to_num, fmax, fmin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import REAL
from tracer.ops.elementwise import Elementwise


class NanToNum(Elementwise):
    """Elements with NaN and infinities replaced by numbers: 0 and the largest numbers of the dtype by default.

    A replaced element has no gradient, as in JAX and PyTorch.
    """

    implements = np.nan_to_num
    formula = "nan_to_num({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Call:
        if not copy:
            raise TypeError("got an unexpected keyword argument 'copy'")
        return (x,), {"nan": nan, "posinf": posinf, "neginf": neginf}

    @staticmethod
    def value(x: Array, *, nan: float, posinf: float | None, neginf: float | None) -> Array:
        return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        real = np.real(x)
        return complex_of(NanToNum.value(real, **parameters), np.where(np.isfinite(real), np.imag(x), 0))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, nan: float, posinf: float | None, neginf: float | None) -> Array:
        return np.where(np.isfinite(x), g, 0)


class Fmax(Elementwise):
    """Elementwise maximum that passes over NaN. In a tie, each input gets half of the gradient, as in maximum."""

    implements = np.fmax
    formula = "fmax({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        real_x, real_y = np.real(x), np.real(y)
        return np.where(real_x == real_y, (x + y) / 2, np.where((real_x > real_y) | np.isnan(real_y), x, y))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return np.asarray(np.sign(np.subtract(*inputs)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.logical_or(np.greater(x, y), np.isnan(y)), g, np.where(np.equal(x, y), 0.5 * g, 0))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.logical_or(np.greater(y, x), np.isnan(x)), g, np.where(np.equal(x, y), 0.5 * g, 0))


class Fmin(Elementwise):
    """Elementwise minimum that passes over NaN. In a tie, each input gets half of the gradient, as in minimum."""

    implements = np.fmin
    formula = "fmin({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        real_x, real_y = np.real(x), np.real(y)
        return np.where(real_x == real_y, (x + y) / 2, np.where((real_x < real_y) | np.isnan(real_y), x, y))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return np.asarray(np.sign(np.subtract(*inputs)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.logical_or(np.less(x, y), np.isnan(y)), g, np.where(np.equal(x, y), 0.5 * g, 0))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.logical_or(np.less(y, x), np.isnan(x)), g, np.where(np.equal(x, y), 0.5 * g, 0))
