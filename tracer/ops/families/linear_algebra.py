"""Products of vectors and matrices, also batched."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.complex_numbers import stacked_alike
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape, broadcast_index, unraveled
from tracer.ops.sum_of_products import SumOfProducts


class Matmul(SumOfProducts):
    """Matrix product `x @ y`. 1-d operands are vectors; leading axes are batches, which broadcast."""

    implements = np.matmul, np.linalg.matmul
    formula = "{x} @ {y}"
    domain = REAL, REAL
    adds_products = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        if y.ndim == 1:
            return g * y if x.ndim == 1 else np.expand_dims(g, -1) * y
        if x.ndim == 1:
            # A vector on the left is a matrix with one row: add the row axis to g, and remove it from the gradient.
            return np.squeeze(np.expand_dims(g, -2) @ rows_and_columns_swapped(y), -2)
        return g @ rows_and_columns_swapped(y)

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        if x.ndim == 1:
            return g * x if y.ndim == 1 else np.expand_dims(x, -1) * np.expand_dims(g, -2)
        if y.ndim == 1:
            return np.squeeze(rows_and_columns_swapped(x) @ np.expand_dims(g, -1), -1)
        return rows_and_columns_swapped(x) @ g

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        x, y = shapes
        return np.broadcast_shapes(x[:-2], y[:-2]) + x[-2:-1] + (y[-1:] if len(y) > 1 else ()) == result

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        ranks = [np.ndim(array) - many for array, many in zip(inputs, stacked, strict=True)]
        x = inputs[0] if ranks[0] > 1 else np.expand_dims(inputs[0], -2)
        y = inputs[1] if ranks[1] > 1 else np.expand_dims(inputs[1], -1)
        x, y = stacked_alike((x, y), stacked)
        if all(stacked):
            product = np.imag(np.matmul(x, y))
        elif stacked[0]:
            product = np.matmul(np.imag(x), y)
        else:
            # Often only a few rows have a nonzero imaginary part: skip the others.
            rows = np.flatnonzero(np.any(np.imag(y), axis=(*range(y.ndim - 2), -1)))
            product = np.matmul(x[..., rows], np.imag(y)[..., rows, :])
        vectors = tuple(axis for axis, rank in zip((-2, -1), ranks, strict=True) if rank == 1)
        return np.asarray(np.squeeze(product, vectors))

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int] | None:
        return ()

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        x, y = inputs
        row = index[len(index) - (x.ndim > 1) - (y.ndim > 1) : len(index) - (y.ndim > 1)]
        column = index[len(index) - (y.ndim > 1) :]
        batch = index[: len(index) - len(row) - len(column)]
        return (
            (*broadcast_index(batch, x.shape[:-2]), *row, slice(None)),
            (*broadcast_index(batch, y.shape[:-2]), slice(None), *column),
        )


class Dot(SumOfProducts):
    """NumPy's dot: the product with a scalar, of vectors or matrices; for higher ranks the sum of x[i, :] * y[j, :, k]."""

    implements = np.dot
    formula = "dot({x}, {y})"
    domain = REAL, REAL
    adds_products = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        if np.ndim(x) == 0 or np.ndim(y) == 0:
            return g * y
        left, right, result = dot_subscripts(x.ndim, y.ndim)
        return np.einsum(f"{result},{right}->{left}", g, y)

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        if np.ndim(x) == 0 or np.ndim(y) == 0:
            return g * x
        left, right, result = dot_subscripts(x.ndim, y.ndim)
        return np.einsum(f"{result},{left}->{right}", g, x)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        x, y = shapes
        return (x[:-1] + y[:-2] + (y[-1:] if len(y) > 1 else ()) if x and y else x or y) == result

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int] | None:
        return ()

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        x, y = inputs
        rank = np.ndim(x)
        if not rank or not np.ndim(y):
            return (index if rank else (), index if np.ndim(y) else ())
        last = index[rank - 1 :]
        return (*index[: rank - 1], slice(None)), (*last[:-1], slice(None), *last[-1:])


class Outer(SumOfProducts):
    """Outer product of x and y, both flattened."""

    implements = np.outer
    formula = "outer({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.reshape(g @ np.ravel(y), np.shape(x))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return np.reshape(np.ravel(x) @ g, np.shape(y))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return tuple(map(math.prod, shapes)) == result

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int] | None:
        return ()

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return tuple(unraveled(position, np.shape(array)) for position, array in zip(index, inputs, strict=True))


def rows_and_columns_swapped(x: Array) -> Array:
    """The matrix transpose: the last two axes swapped."""
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def dot_subscripts(left_rank: int, right_rank: int) -> tuple[str, str, str]:
    """The einsum subscripts of NumPy's dot for two arrays of these ranks, which are at least 1.

    >>> dot_subscripts(2, 3)
    ('ab', 'cbd', 'acd')
    """
    letters = string.ascii_letters
    left = letters[:left_rank]
    free = letters[left_rank : left_rank + right_rank - 1]
    right = left[-1] if right_rank == 1 else f"{free[:-1]}{left[-1]}{free[-1]}"
    return left, right, left[:-1] + free
