"""Operations that join arrays."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.data_movement import Rearrangement
from tracer.ops.domain import REAL
from tracer.ops.indices import NO_ELEMENT


class Join(Rearrangement):
    """Base of operations that join any number of arrays."""

    domain = (REAL,)

    @staticmethod
    def call(arrays: Sequence[Array], axis: int | None = 0) -> Call:
        if not isinstance(arrays, (tuple, list)):
            raise TypeError("arrays are joined from a list or tuple of them")
        if axis is None:
            raise TypeError("axis=None flattens the arrays first; flatten them with np.ravel and leave axis out")
        return tuple(arrays), {"axis": operator.index(axis)}

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        count = next(len(array) for array, many in zip(inputs, stacked, strict=True) if many)
        alike = [
            np.imag(array) if many else np.zeros((count, *np.shape(array))) for array, many in zip(inputs, stacked, strict=True)
        ]
        axis = parameters["axis"]
        return np.asarray(cls.value(*alike, axis=axis + 1 if axis >= 0 else axis))

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        found = []
        for source in range(len(inputs)):
            positions = [np.full(np.shape(array), NO_ELEMENT) for array in inputs]
            positions[source] = np.arange(np.size(inputs[source])).reshape(np.shape(inputs[source]))
            found.append(np.asarray(cls.value(*positions, **parameters))[..., None])
        return found

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        arrays = ", ".join(f"{{{position}}}" for position in range(count))
        return f"{cls.name}([{arrays}], axis={parameters['axis']})"


class Concatenate(Join):
    """Arrays joined along an existing axis."""

    implements = np.concatenate, np.concat
    formula = "concatenate({arrays}{options})"

    @staticmethod
    def value(*arrays: Array, axis: int) -> Array:
        return np.concatenate(arrays, axis=axis)

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        axis = parameters["axis"] % g.ndim
        start = sum(np.shape(array)[axis] for array in inputs[:position])
        own = slice(start, start + np.shape(inputs[position])[axis])
        return g[(slice(None),) * axis + (own,)]


class Stack(Join):
    """Arrays of the same shape joined along a new axis."""

    implements = np.stack
    formula = "stack({arrays}{options})"

    @staticmethod
    def value(*arrays: Array, axis: int) -> Array:
        return np.stack(arrays, axis=axis)

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        return g[(slice(None),) * (parameters["axis"] % g.ndim) + (position,)]
