"""The base of products of two arrays that einsum subscripts describe."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import REAL
from tracer.ops.families.einstein_summation import Einsum
from tracer.ops.indices import Index, Shape
from tracer.ops.sum_of_products import SumOfProducts


class ProductBySubscripts(SumOfProducts):
    """Base of products of two arrays whose elements are sums of products, as einsum subscripts say.

    The gradient of an input is the einsum of the cotangent with the other input, to the subscripts of this one. Axes of size 1
    are stretched as einsum does it.
    """

    domain = REAL, REAL
    squares_terms = True

    @classmethod
    def subscripts(cls, left: int, right: int, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
        """The subscripts of both inputs, which have these ranks, and of the result."""
        raise NotImplementedError

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        *names, result = cls.subscripts(inputs[0].ndim, inputs[1].ndim, parameters)
        other = 1 - position
        return np.einsum(f"{result},{names[other]}->{names[position]}", g, inputs[other])

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        ranks = [np.ndim(array) - many for array, many in zip(inputs, stacked, strict=True)]
        return Einsum.imaginary_parts(inputs, stacked, cls._einsum(ranks, parameters))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return Einsum.accepts_shapes(shapes, cls._einsum(list(map(len, shapes)), parameters), result)

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return Einsum.parts(index, inputs, cls._einsum(list(map(np.ndim, inputs)), parameters))

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        return Einsum.origins(shape, inputs, cls._einsum(list(map(np.ndim, inputs)), parameters))

    @classmethod
    def _einsum(cls, ranks: Sequence[int], parameters: Mapping[str, Any]) -> dict[str, str]:
        left, right, result = cls.subscripts(ranks[0], ranks[1], parameters)
        return {"subscripts": f"{left},{right}->{result}"}


def batched(left: int, right: int) -> tuple[str, str, str]:
    """Subscripts of the leading axes of two arrays, aligned from the last one, and of the axes that they broadcast to.

    >>> batched(1, 2)
    ('b', 'ab', 'ab')
    """
    both = string.ascii_lowercase[: max(left, right)]
    return both[len(both) - left :], both[len(both) - right :], both
