"""Writing into an array: the result is the array after it. What was written in place is recorded as a new value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.base import Array, Call, Op, registry
from tracer.ops.data_movement import Rearrangement
from tracer.ops.domain import REAL
from tracer.ops.families.indexing import Pattern, Take, index_as_written, index_of, pattern_of, selected_positions
from tracer.ops.indices import NO_ELEMENT, Index
from tracer.ops.movement import Movement, rows_by_target
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms


class Write(Movement):
    """An array after `x[index] = y`. Where an index names an element twice, the last value counts, as in NumPy."""

    formula = "write({x}[...], {y})"
    domain = REAL, REAL

    @staticmethod
    def call(x: Array, index: Any, y: Array) -> Call:
        pattern, arrays = pattern_of(index)
        return (x, y, *arrays), {"index": pattern}

    @staticmethod
    def value(x: Array, y: Array, *arrays: Array, index: Pattern) -> Array:
        written = x.copy(order="K")
        written[index_of(index, arrays)] = y
        return written

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return position < 2

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        arrays, index = inputs[2:], {"index": parameters["index"]}
        if position == 0:
            return g.recorder.record(Write, (g, 0, *arrays), index)
        if any(np.ndim(array) and array.dtype.kind != "b" for array in arrays):
            return super().gradient(position, g, out, inputs, parameters)  # an element may be written twice
        return _gradient_of_written(g, inputs, index)

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        x, y, *arrays = inputs
        taken, *used = selected_positions(x.shape, arrays, parameters["index"])
        written = np.broadcast_to(np.arange(np.size(y)).reshape(np.shape(y)), taken.shape)
        last = np.full(x.size, NO_ELEMENT)
        last[taken.ravel()] = np.arange(taken.size)
        of_others = (_at(last, each) for each in (written, *used))
        kept = np.where(last == NO_ELEMENT, np.arange(x.size), NO_ELEMENT)
        return [each.reshape(*x.shape, 1) for each in (kept, *of_others)]

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        index = index_as_written(parameters["index"], first=2)
        return f"write({{0}}[{index}], {{1}})"


class WriteView(Movement):
    """An array after its elements that a view has, such as its transpose, were replaced by those of `y`."""

    formula = "write({x}, {y})"
    domain = REAL, REAL

    @staticmethod
    def value(x: Array, y: Array, *, of: str, parameters: Mapping[str, Any]) -> Array:
        written = x.copy(order="K")
        view_of(of).value(written, **parameters)[...] = y
        return written

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array, *, of: str, parameters: Mapping[str, Any]) -> Array:
        return g.recorder.record(WriteView, (g, 0), {"of": of, "parameters": parameters})

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array, *, of: str, parameters: Mapping[str, Any]) -> Array:
        return g.recorder.record(view_of(of), (g,), parameters)

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        return super(Movement, cls).gradient(position, g, out, inputs, parameters)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"write({view_of(parameters['of']).template(1, parameters['parameters'])}, {{1}})"


class AddAt(Rearrangement):
    """An array after `np.add.at(x, index, y)`: elements are added one after the other, also where an index repeats."""

    formula = "add_at({x}[...], {y})"
    domain = REAL, REAL
    squares_terms = True

    @staticmethod
    def call(x: Array, index: Any, y: Array) -> Call:
        pattern, arrays = pattern_of(index)
        return (x, y, *arrays), {"index": pattern}

    @staticmethod
    def complex_value(x: Array, y: Array, *arrays: Array, index: Pattern) -> Array:
        return AddAt.value(np.asarray(x, dtype=complex), y, *arrays, index=index)

    @staticmethod
    def value(x: Array, y: Array, *arrays: Array, index: Pattern) -> Array:
        total = x.copy(order="K")
        np.add.at(total, index_of(index, arrays), y)
        return total

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return position < 2

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        if position == 0:
            return g
        return _gradient_of_written(g, inputs, {"index": parameters["index"]})

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        x, y, *arrays = inputs
        taken, *used = selected_positions(x.shape, arrays, parameters["index"])
        added = np.broadcast_to(np.arange(np.size(y)).reshape(np.shape(y)), taken.shape)
        rows = rows_by_target(taken.ravel(), x.size)
        of_others = (_at(rows, each) for each in (added, *used))
        return [each.reshape(*x.shape, -1) for each in (np.arange(x.size), *of_others)]

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        x, y = terms[:2]
        return Terms((*x.elements, *y.elements), x.count + y.count, x.zeros + y.zeros).joined("+")

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        x, y = inputs[:2]
        row = cls.sources(inputs, parameters)[1][index]
        return rounding_of_sum(np.append(np.ravel(y)[row[row != NO_ELEMENT]], x[index]), unit)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"add_at({{0}}[{index_as_written(parameters['index'], first=2)}], {{1}})"


def _gradient_of_written(g: Array, inputs: Sequence[Array], index: Mapping[str, Any]) -> Array:
    """The cotangent at the index, with as many axes as what was written there: NumPy drops leading axes of size 1."""
    taken = g.recorder.record(Take, (g, *inputs[2:]), dict(index))
    missing = np.ndim(inputs[1]) - taken.ndim
    return np.reshape(taken, (1,) * missing + taken.shape) if missing > 0 else taken


def _at(rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The numbers at some positions; NO_ELEMENT, which is -1, where there is no position."""
    return np.asarray(np.append(numbers.ravel(), NO_ELEMENT)[rows])


def view_of(name: str) -> type[Op]:
    """The operation of that name; raises ValueError if there is none."""
    op = registry.named(name)
    if op is None:
        raise ValueError(f"there is no operation {name!r} that gives a view")
    return op
