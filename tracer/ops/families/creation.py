"""Arrays that are created inside the recorded program, to be filled in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call, Op
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape, broadcast_index


class Creation(Op):
    """Base of operations without inputs: an array of a shape and dtype."""

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return False

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return tuple(parameters["shape"]) == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return ()

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"{cls.name}({tuple(parameters['shape'])})"


class Zeros(Creation):
    """An array of zeros."""

    implements = np.zeros
    formula = "zeros({shape})"

    @staticmethod
    def call(shape: Any, dtype: Any = float, order: str = "C") -> Call:
        return (), {"shape": _shape(shape), "dtype": str(np.dtype(dtype)), "order": order}

    @staticmethod
    def value(*, shape: Shape, dtype: str, order: Any) -> Array:
        return np.zeros(shape, dtype, order)


class Ones(Zeros):
    """An array of ones."""

    implements = np.ones
    formula = "ones({shape})"

    @staticmethod
    def value(*, shape: Shape, dtype: str, order: Any) -> Array:
        return np.ones(shape, dtype, order)


class Empty(Zeros):
    """An array whose elements NumPy leaves undefined: here they are 0, so that a run gives the same again."""

    implements = np.empty
    formula = "empty({shape})"

    @staticmethod
    def value(*, shape: Shape, dtype: str, order: Any) -> Array:
        return np.zeros(shape, dtype, order)


class Full(Creation):
    """An array of equal elements. The fill value is an input: it may be recorded, and has a gradient."""

    implements = np.full
    formula = "full({shape}, {fill_value})"
    domain = (REAL,)
    analytic = True
    squares_terms = True

    @staticmethod
    def call(shape: Any, fill_value: Array, dtype: Any = None, order: str = "C") -> Call:
        kind = {} if dtype is None else {"dtype": str(np.dtype(dtype))}
        return (fill_value,), {"shape": _shape(shape), **kind, "order": order}

    @staticmethod
    def value(fill_value: Array, *, shape: Shape, order: Any, dtype: str | None = None) -> Array:
        return np.full(shape, fill_value, dtype, order)

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @staticmethod
    def gradient_fill_value(g: Array, out: Array, fill_value: Array, **_: Any) -> Array:
        return g

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return (broadcast_index(index, np.shape(inputs[0])),)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"full({tuple(parameters['shape'])}, {{0}})"


def _shape(shape: Any) -> Shape:
    return tuple(int(size) for size in shape) if isinstance(shape, (tuple, list)) else (int(shape),)
