"""The base of elementwise operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Op
from tracer.ops.complex_numbers import stacked_alike
from tracer.ops.indices import Index, Shape, broadcast_index


class Elementwise(Op):
    """Base of elementwise operations, whose inputs broadcast."""

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return np.broadcast_shapes(*shapes) == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return tuple(broadcast_index(index, np.shape(array)) for array in inputs)

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int] | None:
        return ()

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        return [np.broadcast_to(np.arange(x.size).reshape(x.shape), shape).reshape(-1, 1) for x in inputs]

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        assert cls.complex_value is not None
        return np.imag(cls.complex_value(*stacked_alike(inputs, stacked), **parameters))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        signs = [_side(array - kink) for array, each in zip(inputs, cls.domain) for kink in (*each.kinks, *each.poles)]
        if not signs:
            return None
        shape = np.broadcast_shapes(*map(np.shape, inputs))
        return np.stack([np.broadcast_to(sign, shape) for sign in signs])


def _side(distance: Any) -> Any:
    """The sign of the distance from a kink; for complex numbers, which pass by it, 1."""
    return np.sign(np.abs(distance) if np.iscomplexobj(distance) else distance)
