"""Selection: elementwise maximum, minimum, where and clip; argmax and argmin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.elementwise import Elementwise


class Maximum(Elementwise):
    """Elementwise maximum. In a tie, each input gets half of the gradient."""

    implements = np.maximum
    formula = "maximum({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        real_x, real_y = np.real(x), np.real(y)
        return np.where(real_x == real_y, (x + y) / 2, np.where(np.greater(real_x, real_y), x, y))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return np.asarray(np.sign(np.subtract(*inputs)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.greater(x, y), g, np.where(np.equal(x, y), 0.5 * g, 0))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.greater(y, x), g, np.where(np.equal(x, y), 0.5 * g, 0))


class Minimum(Elementwise):
    """Elementwise minimum. In a tie, each input gets half of the gradient."""

    implements = np.minimum
    formula = "minimum({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        real_x, real_y = np.real(x), np.real(y)
        return np.where(real_x == real_y, (x + y) / 2, np.where(np.less(real_x, real_y), x, y))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return np.asarray(np.sign(np.subtract(*inputs)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.less(x, y), g, np.where(np.equal(x, y), 0.5 * g, 0))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.where(np.less(y, x), g, np.where(np.equal(x, y), 0.5 * g, 0))


def _is_large(array: Any, dtype: type, like: Any) -> bool:
    """Whether this is an array of that dtype, with many elements without gaps, as many and in the same shape as another."""
    return (
        type(array) is np.ndarray
        and array.dtype == dtype
        and array.size >= 2**14
        and array.flags.c_contiguous
        and array.shape == np.shape(like)
    )


def _is_zero(number: Any) -> bool:
    return type(number) in (int, float) and number == 0


class Where(Elementwise):
    """Elementwise selection: x where the condition is true, y elsewhere. The condition has no gradient."""

    implements = np.where
    formula = "where({condition}, {x}, {y})"
    domain = REAL, REAL, REAL
    accepts_complex = True

    @staticmethod
    def call(condition: Array, x: Array, y: Array) -> Call:
        return (condition, x, y), {}

    @staticmethod
    def value(condition: Array, x: Array, y: Array) -> Array:
        chosen = x if type(x) is np.ndarray else y
        if not (_is_large(condition, np.bool_, chosen) and all(_is_zero(z) or _is_large(z, np.float32, chosen) for z in (x, y))):
            return np.where(condition, x, y)
        # np.where branches for each element. Where a condition is true here and false there, as that of relu is, the processor
        # guesses wrong half of the time; on the bits of single precision, y ^ ((x ^ y) * condition) takes an eighth of the time.
        if type(y) is int:  # 0, which has no bit set
            return (x.view(np.int32) * condition).view(np.float32)
        x, y = (np.asarray(z, np.float32).view(np.int32) for z in (x, y))
        bits = x ^ y
        bits *= condition
        bits ^= y
        return bits.view(np.float32)

    @staticmethod
    def complex_value(condition: Array, x: Array, y: Array) -> Array:
        return np.where(np.real(condition), x, y)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        condition = np.asarray(inputs[0])
        return np.sign(condition) if condition.dtype.kind == "f" else None

    @staticmethod
    def gradient_x(g: Array, out: Array, condition: Array, x: Array, y: Array) -> Array:
        return np.where(condition, g, 0)

    @staticmethod
    def gradient_y(g: Array, out: Array, condition: Array, x: Array, y: Array) -> Array:
        return np.where(condition, 0, g)


class Clip(Elementwise):
    """Elements limited to the range from `low` to `high`; None for no limit.

    x gets the gradient strictly between the bounds, so its derivative at a bound is 0: `clip(x, 0, None)` is relu with
    relu'(0) = 0. Elsewhere the bound that replaces x gets the gradient (the upper one if low > high).
    """

    implements = np.clip
    formula = "clip({x}, {low}, {high})"
    domain = REAL, REAL, REAL

    @staticmethod
    def call(a: Array, a_min: Array = None, a_max: Array = None, *, min: Array = None, max: Array = None) -> Call:
        return (a, a_min if min is None else min, a_max if max is None else max), {}

    @staticmethod
    def value(x: Array, low: Array, high: Array) -> Array:
        if type(x) is np.ndarray and x.dtype.kind == "f" and low is not None and high is None:
            return np.maximum(x, low)  # equal to np.clip without an upper bound, and faster: relu
        return np.clip(x, low, high)

    @staticmethod
    def complex_value(x: Array, low: Array, high: Array) -> Array:
        above = x if low is None else np.where(np.real(x) > np.real(low), x, low)
        return above if high is None else np.where(np.real(above) < np.real(high), above, high)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        x, low, high = inputs
        pairs = ((x, low), (x, high), (low, high))
        signs = [np.sign(np.subtract(one, other)) for one, other in pairs if one is not None and other is not None]
        return np.stack(np.broadcast_arrays(*signs)) if signs else None

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, low: Array, high: Array) -> Array:
        if low is None and high is None:
            return g
        if low is None or high is None:
            return g * (x > low if high is None else x < high)
        return g * np.logical_and(np.greater(x, low), np.less(x, high))

    @staticmethod
    def gradient_low(g: Array, out: Array, x: Array, low: Array, high: Array) -> Array:
        taken = np.less_equal(x, low)
        return g * (taken if high is None else np.logical_and(taken, np.less(low, high)))

    @staticmethod
    def gradient_high(g: Array, out: Array, x: Array, low: Array, high: Array) -> Array:
        taken = np.greater_equal(x, high)
        return g * (taken if low is None else np.logical_or(taken, np.greater_equal(low, high)))
