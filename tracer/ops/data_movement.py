"""The base of operations that move or repeat elements."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.base import Array, Op
from tracer.ops.indices import Index, Shape
from tracer.ops.terms import Terms

MAX_TRACED_ELEMENTS = 1 << 22
"""The largest array for which `parts` of a DataMovement is computed, as that moves a whole array of indices."""


class DataMovement(Op):
    """Base of operations that only move or repeat elements: every output element is an element of the first input."""

    analytic = True

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        many, *others = inputs
        shape = many.shape[1:]
        positions = cls.value(np.arange(math.prod(shape)).reshape(shape), *others, **parameters)
        rows = np.reshape(np.imag(many), (len(many), math.prod(shape)))
        return np.asarray(rows[:, np.asarray(positions, dtype=np.intp)])

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index, ...] | None:
        shape = np.shape(inputs[0])
        if math.prod(shape) > MAX_TRACED_ELEMENTS:
            return None
        positions = cls.value(np.arange(np.size(inputs[0])).reshape(shape), *inputs[1:], **parameters)
        origin = tuple(int(i) for i in np.unravel_index(int(positions[index]), shape))
        return (origin, *((),) * (len(inputs) - 1))

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        first, *others = inputs
        positions = cls.value(np.arange(first.size).reshape(first.shape), *others, **parameters)
        nothing = np.empty((math.prod(shape), 0), dtype=np.intp)
        return [np.asarray(positions, dtype=np.intp).reshape(-1, 1), *[nothing] * len(others)]

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].first
