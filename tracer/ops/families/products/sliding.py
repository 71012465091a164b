"""Sums of products of two sequences that slide along each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.indices import NO_ELEMENT, Index, Shape
from tracer.ops.sum_of_products import SumOfProducts

MODES = ("full", "same", "valid")


class Sliding(SumOfProducts):
    """Base of convolutions and correlations; `mode` says how far one sequence slides past the ends of the other."""

    domain = REAL, REAL
    squares_terms = True
    reverses: bool
    """Whether the second sequence is reversed."""

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def terms(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        """For both inputs the positions [output elements, terms] of the elements in the terms, NO_ELEMENT where there is none."""
        (count,), (other,) = shapes
        place = np.arange(count + other - 1)[:, np.newaxis]
        second = np.broadcast_to(np.arange(other), (count + other - 1, other))
        first = place - second
        if not cls.reverses:
            second = other - 1 - second
        inside = (first >= 0) & (first < count)
        first, second = np.where(inside, first, NO_ELEMENT), np.where(inside, second, NO_ELEMENT)
        start, length = _window(count, other, parameters["mode"])
        if not cls.reverses and count < other and parameters["mode"] == "same":
            start = (count + other - 1 - length) - start  # np.correlate swaps the inputs, and reverses the result
        return [each[start : start + length] for each in (first, second)]

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        """The products that an element is in are found by position: the other factors, as a matrix [elements, output]."""
        moved, other = cls.terms([each.shape for each in inputs], parameters)[:: -1 if position else 1]
        count = inputs[position].shape[0]
        matrix = np.full((count, len(moved)), NO_ELEMENT)
        rows, columns = np.nonzero(moved != NO_ELEMENT)
        matrix[moved[rows, columns], rows] = other[rows, columns]
        factors = inputs[1 - position][np.maximum(matrix, 0)] * (matrix != NO_ELEMENT).astype(g.dtype)
        return factors @ g

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        (count,), (other,) = shapes
        return (_window(count, other, parameters["mode"])[1],) == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        first, second = (each[index] for each in cls.terms([np.shape(each) for each in inputs], parameters))
        inside = first != NO_ELEMENT
        return (first[inside],), (second[inside],)

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        return [_left_aligned(each) for each in cls.terms([np.shape(each) for each in inputs], parameters)]


class Convolve(Sliding):
    """Convolution of two sequences: the sums of x[i] * y[n - i]."""

    implements = np.convolve
    formula = "convolve({x}, {y}, mode={mode})"
    reverses = True

    @staticmethod
    def call(a: Array, v: Array, mode: str = "full") -> Call:
        return (a, v), {"mode": _mode(mode)}

    @staticmethod
    def value(x: Array, y: Array, *, mode: Any) -> Array:
        return np.convolve(x, y, mode)


class Correlate(Sliding):
    """Correlation of two sequences: the sums of x[n + i] * y[i]."""

    implements = np.correlate
    formula = "correlate({x}, {y}, mode={mode})"
    reverses = False
    analytic = False

    @staticmethod
    def call(a: Array, v: Array, mode: str = "valid") -> Call:
        return (a, v), {"mode": _mode(mode)}

    @staticmethod
    def value(x: Array, y: Array, *, mode: Any) -> Array:
        return np.correlate(x, y, mode)

    @staticmethod
    def complex_value(x: Array, y: Array, *, mode: Any) -> Array:
        return np.correlate(x, np.conj(y), mode)  # NumPy takes the conjugate of y


def _mode(mode: Any) -> str:
    if mode not in MODES:
        raise TypeError(f"mode={mode!r} is none of {', '.join(map(repr, MODES))}")
    return str(mode)


def _window(count: int, other: int, mode: str) -> tuple[int, int]:
    """Where the result begins in the full one, and its length."""
    full, longer, shorter = count + other - 1, max(count, other), min(count, other)
    if mode == "full":
        return 0, full
    if mode == "same":
        return (shorter - 1) // 2, longer
    return shorter - 1, longer - shorter + 1


def _left_aligned(rows: np.ndarray) -> np.ndarray:
    """Rows with NO_ELEMENT after all other elements, which keep their order."""
    order = np.argsort(rows == NO_ELEMENT, axis=-1, kind="stable")
    return np.take_along_axis(rows, order, axis=-1)
