"""Operations that join arrays."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.data_movement import Rearrangement
from tracer.ops.domain import REAL
from tracer.ops.indices import NO_ELEMENT, Shape


class Joining(Rearrangement):
    """Base of operations whose result has the elements of any number of arrays, each once."""

    domain = (REAL,)

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        plain = {name: option for name, option in parameters.items() if name not in ("dtype", "casting")}
        found = []
        for source in range(len(inputs)):
            positions = [np.full(np.shape(array), NO_ELEMENT) for array in inputs]
            positions[source] = np.arange(np.size(inputs[source])).reshape(np.shape(inputs[source]))
            found.append(np.asarray(cls.value(*positions, **plain))[..., None])
        return found

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        arrays = ", ".join(f"{{{position}}}" for position in range(count))
        options = "".join(f", {name}={option!r}" for name, option in parameters.items())
        return f"{cls.name}([{arrays}]{options})"


class Join(Joining):
    """Base of operations that join arrays along an axis that is given."""

    @staticmethod
    def call(arrays: Any, axis: int | None = 0, *, dtype: Any = None, casting: str = "same_kind") -> Call:
        return listed(arrays), {"axis": operator.index(axis), **cast_to(dtype, casting)}  # type: ignore[arg-type]


class AlongAxis(Joining):
    """Base of operations that join arrays along an existing axis, or without one (None) as flat arrays."""

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        if parameters["axis"] is None:
            start = sum(np.size(array) for array in inputs[:position])
            return np.reshape(g[start : start + np.size(inputs[position])], np.shape(inputs[position]))
        axis = parameters["axis"] % g.ndim
        start = sum(np.shape(array)[axis] for array in inputs[:position])
        own = slice(start, start + np.shape(inputs[position])[axis])
        return g[(slice(None),) * axis + (own,)]


class Concatenate(AlongAxis):
    """Arrays joined along an existing axis; without an axis (None), as flat arrays."""

    implements = np.concatenate, np.concat
    formula = "concatenate({arrays}{options})"

    @staticmethod
    def call(arrays: Any, axis: int | None = 0, *, dtype: Any = None, casting: str = "same_kind") -> Call:
        return listed(arrays), {"axis": None if axis is None else operator.index(axis), **cast_to(dtype, casting)}

    @staticmethod
    def value(*arrays: Array, axis: int | None, **cast: Any) -> Array:
        return np.concatenate(arrays, axis=axis, **cast)

    @staticmethod
    def complex_value(*arrays: Array, axis: int | None, **cast: Any) -> Array:
        return np.concatenate(arrays, axis=axis)


class Append(AlongAxis):
    """An array with others after it along an axis; without an axis, both as flat arrays."""

    implements = np.append
    formula = "append({x}, {values}{options})"

    @staticmethod
    def call(arr: Array, values: Any, axis: int | None = None) -> Call:
        return (joined_elements(arr), joined_elements(values)), {"axis": None if axis is None else operator.index(axis)}

    @staticmethod
    def value(x: Array, values: Array, *, axis: int | None) -> Array:
        return np.append(x, values, axis)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        along = "" if parameters["axis"] is None else f", axis={parameters['axis']}"
        return f"append({{0}}, {{1}}{along})"


class Stack(Join):
    """Arrays of the same shape joined along a new axis."""

    implements = np.stack
    formula = "stack({arrays}{options})"

    @staticmethod
    def value(*arrays: Array, axis: int, **cast: Any) -> Array:
        return np.stack(arrays, axis=axis, **cast)

    @staticmethod
    def complex_value(*arrays: Array, axis: int, **cast: Any) -> Array:
        return np.stack(arrays, axis=axis)

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        return g[(slice(None),) * (parameters["axis"] % g.ndim) + (position,)]


class StackAlong(Joining):
    """Base of operations that give arrays enough axes, and join them along one of these."""

    axis: ClassVar[int] = 0

    @staticmethod
    def call(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Call:
        return listed(tup), cast_to(dtype, casting)

    @classmethod
    def with_axes(cls, shape: Shape) -> Shape:
        """The shape with which an array is joined."""
        raise NotImplementedError

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        shapes = [cls.with_axes(np.shape(array)) for array in inputs]
        axis = min(cls.axis, len(shapes[0]) - 1)
        start = sum(shape[axis] for shape in shapes[:position])
        own = g[(slice(None),) * axis + (slice(start, start + shapes[position][axis]),)]
        return own if shapes[position] == np.shape(inputs[position]) else np.reshape(own, np.shape(inputs[position]))


class Hstack(StackAlong):
    """Arrays joined along the second axis; arrays with one axis along that."""

    implements = np.hstack
    formula = "hstack({arrays})"
    axis = 1

    @staticmethod
    def value(*arrays: Array, **cast: Any) -> Array:
        return np.hstack(arrays, **cast)

    @staticmethod
    def complex_value(*arrays: Array, **cast: Any) -> Array:
        return np.hstack(arrays)

    @classmethod
    def with_axes(cls, shape: Shape) -> Shape:
        return shape or (1,)


class Vstack(StackAlong):
    """Arrays joined along the first axis; arrays with one axis are rows."""

    implements = np.vstack
    formula = "vstack({arrays})"

    @staticmethod
    def value(*arrays: Array, **cast: Any) -> Array:
        return np.vstack(arrays, **cast)

    @staticmethod
    def complex_value(*arrays: Array, **cast: Any) -> Array:
        return np.vstack(arrays)

    @classmethod
    def with_axes(cls, shape: Shape) -> Shape:
        return shape if len(shape) > 1 else (1, *(shape or (1,)))


class Dstack(StackAlong):
    """Arrays joined along the third axis, with the axes of np.atleast_3d."""

    implements = np.dstack
    formula = "dstack({arrays})"
    axis = 2

    @staticmethod
    def call(tup: Any) -> Call:  # type: ignore[override]
        return listed(tup), {}

    @staticmethod
    def value(*arrays: Array) -> Array:
        return np.dstack(arrays)

    @classmethod
    def with_axes(cls, shape: Shape) -> Shape:
        return shape if len(shape) > 2 else (*shape, 1) if len(shape) == 2 else (1, *(shape or (1,)), 1)


class ColumnStack(StackAlong):
    """Arrays joined along the second axis; arrays with one axis are columns."""

    implements = np.column_stack
    formula = "column_stack({arrays})"
    axis = 1

    @staticmethod
    def call(tup: Any) -> Call:  # type: ignore[override]
        return listed(tup), {}

    @staticmethod
    def value(*arrays: Array) -> Array:
        return np.column_stack(arrays)

    @classmethod
    def with_axes(cls, shape: Shape) -> Shape:
        return shape if len(shape) > 1 else (*(shape or (1,)), 1)


def listed(arrays: Any) -> tuple[Array, ...]:
    """The arrays of a sequence; of one array, its elements along the first axis."""
    if not isinstance(arrays, (tuple, list)) and not hasattr(arrays, "dtype"):
        raise TypeError("arrays are joined from a list or tuple of them")
    return tuple(map(joined_elements, arrays))


def joined_elements(given: Any) -> Any:
    """A list with recorded elements as an array: recorded as their np.stack. Anything else unchanged."""
    if isinstance(given, (list, tuple)) and _has_recorded(given):
        return np.stack([joined_elements(each) for each in given])
    return given


def _has_recorded(given: Any) -> bool:
    return any(map(_has_recorded, given)) if isinstance(given, (list, tuple)) else hasattr(given, "recorder")


def cast_to(dtype: Any, casting: str) -> dict[str, Any]:
    """The parameters of a result in another dtype; none without one."""
    return {} if dtype is None else {"dtype": str(np.dtype(dtype)), "casting": casting}
