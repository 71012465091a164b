"""The base of functions of matrices, and what their rules share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.ops.base import Array, Op
from tracer.ops.domain import REAL, Domain
from tracer.ops.families.einstein_summation import MOST_TERMS
from tracer.ops.families.linear_algebra import rows_and_columns_swapped
from tracer.ops.indices import Index, Shape, broadcast_index

transposed = rows_and_columns_swapped


class MatrixFunction(Op):
    """Base of functions of the last two axes of arrays; leading axes are batches.

    Every element of a result depends on every element of its matrices. Its rounding error grows with the size of the result and
    with the condition number of the first matrix.
    """

    domain: ClassVar[tuple[Domain, ...]] = (REAL,)

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        """The number of axes of every input, and at last of the result, that are no batches."""
        raise NotImplementedError

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        if len(inputs) > 1 or np.ndim(inputs[0]) > 5:
            return super().imaginary_parts(inputs, stacked, parameters)
        assert cls.complex_value is not None
        try:
            return np.imag(cls.complex_value(inputs[0], **parameters))  # the directions are another batch
        except np.linalg.LinAlgError:
            return super().imaginary_parts(inputs, stacked, parameters)

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        *ranks, own = cls.core_ranks(inputs, parameters)
        batch = index[: len(index) - own]
        return tuple(
            (*broadcast_index(batch, array.shape[: array.ndim - rank]), *(slice(None),) * rank)
            for array, rank in zip(inputs, ranks, strict=True)
        )

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        if math.prod(shape) * max(map(np.size, inputs)) > MOST_TERMS:
            return None
        if not math.prod(shape):
            return [np.empty((0, 0), dtype=np.intp) for _ in inputs]
        return super().origins(shape, inputs, parameters)

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        own = cls.core_ranks(inputs, parameters)[-1]
        size = np.max(np.abs(value), axis=tuple(range(-own, 0)), keepdims=True, initial=0.0)
        return np.asarray(size * np.reshape(condition(inputs[0]), (*np.shape(inputs[0])[:-2], *(1,) * own)))

    @classmethod
    def error_growth(cls, inputs: Sequence[Any], parameters: Mapping[str, Any]) -> float:
        return float(np.max(condition(inputs[0]), initial=1.0)) if np.ndim(inputs[0]) > 1 else 1.0

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Any], parameters: Mapping[str, Any]) -> None:
        """None: no arithmetic of a few numbers gives an element."""


def condition(x: np.ndarray) -> np.ndarray:
    """The condition numbers of matrices [..., rows, columns], at least 1; 1 where they are unknown."""
    if 0 in x.shape[-2:] or not np.all(np.isfinite(x)):
        return np.ones(x.shape[:-2])
    double = np.asarray(x, dtype=np.complex128 if np.iscomplexobj(x) else np.float64)
    singular = np.linalg.svd(double, compute_uv=False)
    smallest = np.maximum(singular[..., -1], np.finfo(np.float64).eps * singular[..., 0])
    with np.errstate(all="ignore"):
        return np.asarray(np.fmax(singular[..., 0] / smallest, 1.0))


def without_infinities(x: np.ndarray) -> np.ndarray:
    """The array; raises LinAlgError if an element is infinite, for which LAPACK may search for singular vectors without end."""
    if np.any(np.isinf(x)):
        raise np.linalg.LinAlgError("a matrix with an infinite element has no singular value decomposition")
    return x


def column(x: Array) -> Array:
    """Vectors as matrices with one column."""
    return np.expand_dims(x, -1)


def with_undetermined(vectors: Array, count: int) -> Array:
    """Vectors [..., elements, vectors], and after them NaN for others, so that there are `count`."""
    more = np.full((*vectors.shape[:-1], count - vectors.shape[-1]), np.nan)
    return np.concatenate([vectors, more], axis=-1) if more.size else vectors


def symmetric(x: Array) -> Array:
    """The mean of matrices and their transposes."""
    return (x + transposed(x)) / 2
