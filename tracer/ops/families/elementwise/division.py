"""Remainders, division without a fraction, and the parts of a number before and after the point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import NONZERO, REAL
from tracer.ops.elementwise import Elementwise
from tracer.ops.several_results import SeveralResults


class Remainder(Elementwise):
    """Elementwise x - y * floor(x / y), with the sign of y: `x % y`.

    d/dx = 1 and d/dy = -floor(x / y), also where it jumps, as in PyTorch and JAX.
    """

    implements = np.remainder
    formula = "remainder({x}, {y})"
    domain = REAL, NONZERO

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        return x - y * np.floor_divide(np.real(x), np.real(y))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return _between_jumps(np.floor_divide(*inputs), inputs[1])

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return -g * np.floor_divide(x, y)


class Fmod(Elementwise):
    """Elementwise x - y * trunc(x / y), with the sign of x, as in C.

    d/dx = 1 and d/dy = -trunc(x / y), also where it jumps, as in PyTorch and JAX.
    """

    implements = np.fmod
    formula = "fmod({x}, {y})"
    domain = REAL, NONZERO

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        return x - y * _whole(np.real(x), np.real(y))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return _between_jumps(_whole(*inputs), inputs[1])

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return -g * np.rint((x - out) / y)  # not trunc(x / y): the quotient may round up to an integer


class FloorDivide(Elementwise):
    """Elementwise floor(x / y): `x // y`. It has no gradient."""

    implements = np.floor_divide
    formula = "floor_divide({x}, {y})"
    domain = REAL, NONZERO

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return _between_jumps(np.floor_divide(*inputs), inputs[1])


class Divmod(SeveralResults, Elementwise):
    """Elementwise x // y, part 0, whose gradient is 0, and x % y, part 1."""

    implements = np.divmod
    formula = "divmod({x}, {y})[{part}]"
    domain = REAL, NONZERO

    @staticmethod
    def value(x: Array, y: Array, *, part: int) -> Array:
        return np.divmod(x, y)[part]

    @staticmethod
    def complex_value(x: Array, y: Array, *, part: int) -> Array:
        return Remainder.complex_value(x, y) if part else np.floor_divide(np.real(x), np.real(y)) + 0j

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 2

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return tuple(results)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array, *, part: int) -> Array:
        return g if part else g * 0.0

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array, *, part: int) -> Array:
        return -g * np.floor_divide(x, y) if part else g * 0.0


class Modf(SeveralResults, Elementwise):
    """The part of a number after the point, part 0, and the integer before it, part 1, whose gradient is 0."""

    implements = np.modf
    formula = "modf({x})[{part}]"
    domain = (REAL,)

    @staticmethod
    def value(x: Array, *, part: int) -> Array:
        return np.modf(x)[part]

    @staticmethod
    def complex_value(x: Array, *, part: int) -> Array:
        whole = np.trunc(np.real(x))
        return whole + 0j if part else x - whole

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 2

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return tuple(results)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, part: int) -> Array:
        return g * 0.0 if part else g


def _whole(x: Array, y: Array) -> Array:
    return np.rint((x - np.fmod(x, y)) / y)


def _between_jumps(quotient: Array, y: Array) -> np.ndarray:
    """The integer part of the quotient and the sign of the divisor as one number: the value jumps where it changes.

    It is never 0: at a jump there are no slopes on both sides between which a derivative could lie. It is NaN, which equals
    nothing, where neighbouring integers are one floating number: there the value jumps everywhere.
    """
    return np.where(np.abs(quotient) < 2.0**50, (2 * quotient + 0.5) * np.sign(y), np.nan)
