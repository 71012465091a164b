"""The base of operations that move or repeat elements."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression, Number
from tracer.ops.base import Array, Op
from tracer.ops.indices import NO_ELEMENT, Index, Shape, unraveled
from tracer.ops.terms import Terms

MAX_TRACED_ELEMENTS = 1 << 22
"""The largest array for which `parts` of a Rearrangement is computed, as that moves a whole array of indices."""


class Rearrangement(Op):
    """Base of operations whose output elements are elements of the inputs, or sums of these."""

    analytic = True
    squares_terms = True

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        """For each input, the flat indices [*shape of the output, terms] of the elements in each output element.

        NO_ELEMENT stands after the end of shorter rows.
        """
        raise NotImplementedError

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        if max(map(np.size, inputs)) > MAX_TRACED_ELEMENTS:
            return None
        found: list[Index | None] = []
        for source, array in zip(cls.sources(inputs, parameters), inputs, strict=True):
            row = source[index][source[index] != NO_ELEMENT]
            is_single = source.shape[-1] == 1
            found.append(unraveled(int(row[0]) if is_single else row, np.shape(array)) if row.size else None)
        return tuple(found)

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        return [source.reshape(math.prod(shape), source.shape[-1]) for source in cls.sources(inputs, parameters)]

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        moved = next((term for term in terms if term.count), None)
        return moved.joined("+") if moved else Number("0")


class DataMovement(Rearrangement):
    """Base of operations that only move or repeat elements: every output element is an element of the first input.

    Which one may depend on all elements of the other inputs.
    """

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        many, *others = inputs
        shape = many.shape[1:]
        positions = cls.value(np.arange(math.prod(shape)).reshape(shape), *others, **parameters)
        rows = np.reshape(np.imag(many), (len(many), math.prod(shape)))
        return np.asarray(rows[:, np.asarray(positions, dtype=np.intp)])

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        x, *others = inputs
        moved = np.asarray(cls.value(np.arange(np.size(x)).reshape(np.shape(x)), *others, **parameters), dtype=np.intp)
        whole = (np.broadcast_to(np.arange(np.size(each)), (*moved.shape, np.size(each))) for each in others)
        return [moved[..., None], *whole]

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int] | None:
        return range(1, count)
