"""Cholesky decomposition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.families.linalg.matrix_function import MatrixFunction, symmetric, transposed


class Cholesky(MatrixFunction):
    """The lower triangular L with L @ L.T = x, for positive definite x; with upper=True its transpose.

    NumPy reads one triangle of x only. The derivative is that of the function of the symmetric part of x, as in PyTorch and JAX:
    the gradient is a symmetric matrix. The rule is that of Murray (2016), "Differentiation of the Cholesky decomposition".
    """

    implements = np.linalg.cholesky
    formula = "cholesky({x}{options})"
    takes_symmetric_part = True

    @staticmethod
    def call(a: Array, /, *, upper: bool = False) -> Call:
        return (a,), {"upper": True} if upper else {}

    @staticmethod
    def value(x: Array, *, upper: bool = False) -> Array:
        return np.linalg.cholesky(x, upper=upper)

    @staticmethod
    def complex_value(x: Array, *, upper: bool = False) -> Array:
        """The decomposition of the symmetric part, column by column and without conjugates."""
        remaining = symmetric(x)
        found = np.zeros_like(remaining)
        for place in range(remaining.shape[-1]):
            row = found[..., place, :place, np.newaxis]
            column = remaining[..., place:, place] - (found[..., place:, :place] @ row)[..., 0]
            found[..., place:, place] = column / np.sqrt(column[..., :1])
        return transposed(found) if upper else found

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, upper: bool = False) -> Array:
        upper_factor = out if upper else transposed(out)
        size = x.shape[-1]
        halved = np.tril(np.ones((size, size), g.dtype)) - np.eye(size, dtype=g.dtype) / 2
        inner = (upper_factor @ (transposed(g) if upper else g)) * halved
        # inv(L.T) @ inner @ inv(L)
        return symmetric(transposed(np.linalg.solve(upper_factor, transposed(np.linalg.solve(upper_factor, inner)))))

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 2
