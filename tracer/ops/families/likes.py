"""Arrays with the shape and dtype of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array, Call, Op
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape, broadcast_index
from tracer.ops.registration import NUMERIC_KINDS


class ArrayLike(Op):
    """Base of operations of which the result depends on the shape and dtype of an array only, or is given these."""

    domain = (REAL,)
    accepts_complex = True

    @staticmethod
    def call(a: Array, dtype: Any = None, order: str = "K", *, shape: Any = None) -> Call:
        return (a,), like(dtype, order, shape)

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return (None,)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return result == tuple(parameters.get("shape", shapes[0]))


class ZerosLike(ArrayLike):
    """Zeros with the shape and dtype of an array. It has no gradient.

    The elements of `np.empty_like`, which NumPy leaves undefined, are 0 too, so that a run gives the same again.
    """

    implements = np.zeros_like, np.empty_like
    formula = "zeros_like({x}{options})"

    @staticmethod
    def value(x: Array, **options: Any) -> Array:
        return np.zeros_like(x, **options)


class OnesLike(ArrayLike):
    """Ones with the shape and dtype of an array. It has no gradient."""

    implements = np.ones_like
    formula = "ones_like({x}{options})"

    @staticmethod
    def value(x: Array, **options: Any) -> Array:
        return np.ones_like(x, **options)


class FullLike(ArrayLike):
    """A value repeated in the shape of an array, converted to its dtype. The value has a gradient, the array has none."""

    implements = np.full_like
    formula = "full_like({x}, {fill_value}{options})"
    analytic = True
    squares_terms = True

    @staticmethod
    def call(a: Array, fill_value: Array, dtype: Any = None, order: str = "K", *, shape: Any = None) -> Call:  # type: ignore[override]
        return (a, fill_value), like(dtype, order, shape)

    @staticmethod
    def value(x: Array, fill_value: Array, **options: Any) -> Array:
        return np.full_like(x, fill_value, **options)

    @staticmethod
    def complex_value(x: Array, fill_value: Array, **options: Any) -> Array:
        kind = np.result_type(options.pop("dtype", x), fill_value)
        return np.full_like(x, fill_value, dtype=kind, **options)

    @staticmethod
    def gradient_fill_value(g: Array, out: Array, x: Array, fill_value: Array, **options: Any) -> Array:
        return g

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return None, broadcast_index(index, np.shape(inputs[1]))


def like(dtype: Any, order: str, shape: Any) -> dict[str, Any]:
    """The parameters of a result that differs from the array in dtype, memory order or shape."""
    given: dict[str, Any] = {}
    if dtype is not None:
        kind = np.dtype(dtype).newbyteorder("=")
        if kind.kind not in NUMERIC_KINDS:
            raise RecordingError(f"a Tensor holds numbers: it cannot be of dtype {kind}")
        given["dtype"] = str(kind)
    if order != "K":
        given["order"] = order
    if shape is not None:
        given["shape"] = (int(shape),) if hasattr(shape, "__index__") else tuple(int(size) for size in shape)
    return given
