"""Determinants and powers of square matrices.

Rules of Giles (2008), "Collected matrix derivative results for forward and reverse mode algorithmic differentiation".
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.base import Array, Call
from tracer.ops.families.linalg.matrix_function import MatrixFunction, condition, transposed
from tracer.ops.several_results import SeveralResults
from tracer.ops.terms import Terms

LARGEST_BY_MINORS = 5
"""The largest matrix whose cofactors are computed as determinants of minors. The cost grows as its fifth power."""


class Det(MatrixFunction):
    """Determinant of square matrices. Its derivative is the matrix of cofactors, which for larger matrices is det(x) * inv(x).T.

    Up to 5 rows the cofactors are computed as determinants of minors, also for singular matrices. A larger singular matrix has
    no inverse, and its gradient raises LinAlgError.
    """

    implements = np.linalg.det
    formula = "det({x})"
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        if x.shape[-1] > LARGEST_BY_MINORS:
            return _spread(g * out) * transposed(np.linalg.inv(x))
        return _spread(g) * _cofactors(x)

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 0

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        # Hadamard's bound: no product of the expansion is larger.
        return np.asarray(np.prod(np.sqrt(np.sum(np.square(inputs[0]), axis=-1)), axis=-1))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:  # type: ignore[override]
        return terms[0].in_call("det")


class SlogdetResult(NamedTuple):
    """The results of np.linalg.slogdet."""

    sign: Any
    logabsdet: Any


class Slogdet(MatrixFunction, SeveralResults):
    """Sign and logarithm of the absolute value of determinants: d(log(abs(det(x)))) = trace(inv(x) @ dx).

    The sign is constant wherever it has a derivative: its gradient is 0.
    """

    implements = np.linalg.slogdet
    formula = "slogdet({x})[{part}]"

    @staticmethod
    def call(a: Array) -> Call:
        return (a,), {}

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 2

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return SlogdetResult(*results)

    @staticmethod
    def value(x: Array, *, part: int) -> Array:
        return np.linalg.slogdet(x)[part]

    @staticmethod
    def complex_value(x: Array, *, part: int) -> Array:
        sign = np.sign(np.linalg.slogdet(np.real(x)).sign)
        return np.log(np.linalg.det(x) * sign) if part else sign

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, part: int) -> Array:
        if part == 0:
            return np.broadcast_to(_spread(g) * 0, x.shape)
        return _spread(g) * transposed(np.linalg.inv(x))

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 0

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return np.asarray(np.maximum(np.abs(value), 1) * condition(inputs[0]))


class MatrixPower(MatrixFunction):
    """Integer power of square matrices. d(x @ x @ ...) is a sum with dx in the place of each factor."""

    implements = np.linalg.matrix_power
    formula = "matrix_power({x}, {n})"
    analytic = True

    @staticmethod
    def call(a: Array, n: int) -> Call:
        return (a,), {"n": operator.index(n)}

    @staticmethod
    def value(x: Array, *, n: int) -> Array:
        return np.linalg.matrix_power(x, n)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, n: int) -> Array:
        if n == 0:
            return g * 0
        if n < 0:
            inverse = np.linalg.inv(x)
            turned = transposed(inverse)
            return -(turned @ MatrixPower.gradient_x(g, out, inverse, n=-n) @ turned)
        # The power of the block matrix [[x.T, g], [0, x.T]] has the sum of all x.T**k @ g @ x.T**(n-1-k) in its corner.
        size, turned = x.shape[-1], transposed(x)
        blocks = np.concatenate(
            [
                np.concatenate([turned, g], axis=-1),
                np.concatenate([np.zeros(x.shape, g.dtype), turned], axis=-1),
            ],
            axis=-2,
        )
        return np.linalg.matrix_power(blocks, n)[..., :size, size:]

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 2

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        if parameters["n"] < 0:
            return super().error_scale(value, inputs, scales, parameters)
        return np.asarray(np.linalg.matrix_power(scales[0], parameters["n"]))


def _spread(g: Array) -> Array:
    """Numbers as matrices with one element."""
    return np.expand_dims(g, (-2, -1))


def _cofactors(x: Array) -> Array:
    """The cofactors of square matrices: determinants without a row and a column, with alternating signs."""
    size = x.shape[-1]
    kept = np.array([[other for other in range(size) if other != left_out] for left_out in range(size)], dtype=np.intp)
    kept = kept.reshape(size, max(0, size - 1))
    minors = x[..., kept[:, None, :, None], kept[None, :, None, :]]
    signs = (-1.0) ** np.add.outer(np.arange(size), np.arange(size))
    return np.linalg.det(minors) * signs.astype(x.dtype)
