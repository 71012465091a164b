"""Diagonals and triangles of matrices."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.axes import axis_from_start
from tracer.ops.base import Array, Call
from tracer.ops.data_movement import Rearrangement
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape
from tracer.ops.movement import Movement
from tracer.ops.rounding import rounding_of_sum


class Diag(Movement):
    """The k-th diagonal of a matrix; of a vector, the matrix of zeros that has it as its k-th diagonal."""

    implements = np.diag
    formula = "diag({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(v: Array, k: int = 0) -> Call:
        return (v,), {"k": operator.index(k)} if k else {}

    @staticmethod
    def value(x: Array, *, k: int = 0) -> Array:
        return np.diag(x, k)

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        if inputs[0].ndim == 1:
            return np.diag(g, **parameters)
        return super().gradient(position, g, out, inputs, parameters)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        if len(shapes[0]) > 1:
            return True
        size = shapes[0][0] + abs(parameters.get("k", 0))
        return result == (size, size)


class Diagflat(Movement):
    """The matrix of zeros that has the elements of an array, in C order, as its k-th diagonal."""

    implements = np.diagflat
    formula = "diagflat({x}{options})"
    domain = (REAL,)
    call = Diag.call

    @staticmethod
    def value(x: Array, *, k: int = 0) -> Array:
        return np.diagflat(x, k)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, k: int = 0) -> Array:
        return np.reshape(np.diagonal(g, k), x.shape)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        size = math.prod(shapes[0]) + abs(parameters.get("k", 0))
        return result == (size, size)


class Diagonal(Movement):
    """The diagonal of the matrices that two axes span; it is the last axis of the result."""

    implements = np.diagonal
    formula = "diagonal({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Call:
        return (a,), _plane(np.ndim(a), offset, axis1, axis2)

    @staticmethod
    def value(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        return np.diagonal(x, offset, axis1, axis2)


class Trace(Rearrangement):
    """The sum of the diagonal of the matrices that two axes span."""

    implements = np.trace
    formula = "trace({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Call:
        kind = {} if dtype is None else {"dtype": str(np.dtype(dtype))}
        return (a,), {**_plane(np.ndim(a), offset, axis1, axis2), **kind}

    @staticmethod
    def value(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: str | None = None) -> Array:
        return np.trace(x, offset, axis1, axis2, dtype)

    @staticmethod
    def complex_value(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: str | None = None) -> Array:
        return np.trace(x, offset, axis1, axis2)

    @staticmethod
    def gradient_x(
        g: Array, out: Array, x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: str | None = None
    ) -> Array:
        ones = np.eye(x.shape[axis1], x.shape[axis2], offset, dtype=g.dtype)
        # The axes of the matrices are the last of the product: they go where they are in x.
        return np.moveaxis(np.expand_dims(g, (-2, -1)) * ones, (-2, -1), (axis1, axis2))

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        (x,) = inputs
        plane = {name: option for name, option in parameters.items() if name != "dtype"}
        return [np.diagonal(np.arange(x.size).reshape(x.shape), **plane)]

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        plane = {name: option for name, option in parameters.items() if name != "dtype"}
        return rounding_of_sum(np.diagonal(inputs[0], **plane)[index], unit)


class MatrixDiagonal(Diagonal):
    """`np.linalg.diagonal`: the diagonal of matrices in the last two axes."""

    implements = np.linalg.diagonal  # type: ignore[assignment]
    formula = "diagonal({x}{options})"

    @staticmethod
    def call(x: Array, /, *, offset: int = 0) -> Call:  # type: ignore[override]
        return Diagonal.call(x, offset, -2, -1)


class MatrixTrace(Trace):
    """`np.linalg.trace`: the sum of the diagonal of matrices in the last two axes."""

    implements = np.linalg.trace  # type: ignore[assignment]
    formula = "trace({x}{options})"

    @staticmethod
    def call(x: Array, /, *, offset: int = 0, dtype: Any = None) -> Call:  # type: ignore[override]
        return Trace.call(x, offset, -2, -1, dtype)


class Triu(Movement):
    """The elements on and above the k-th diagonal of matrices; below it are zeros. A vector stands for equal rows."""

    implements = np.triu
    formula = "triu({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(m: Array, k: int = 0) -> Call:
        return (m,), {"k": operator.index(k)} if k else {}

    @staticmethod
    def value(x: Array, *, k: int = 0) -> Array:
        return np.triu(x, k)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, k: int = 0) -> Array:
        return np.triu(g, k)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        (shape,) = shapes
        if len(shape) == 1:
            return result == shape * 2
        # NumPy makes a mask for one matrix, also where there is none.
        return result == shape and math.prod(shape[-2:]) <= max(math.prod(shape), 1)


class Tril(Triu):
    """The elements on and below the k-th diagonal of matrices; above it are zeros. A vector stands for equal rows."""

    implements = np.tril
    formula = "tril({x}{options})"

    @staticmethod
    def value(x: Array, *, k: int = 0) -> Array:
        return np.tril(x, k)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, k: int = 0) -> Array:
        return np.tril(g, k)


def _plane(rank: int, offset: int, axis1: int, axis2: int) -> dict[str, int]:
    """The parameters of a diagonal that differ from NumPy's defaults. The axes count from the start."""
    first, second = axis_from_start(axis1, rank), axis_from_start(axis2, rank)
    given = {"offset": operator.index(offset)} if offset else {}
    return given if (first, second) == (0, 1) else {**given, "axis1": first, "axis2": second}
