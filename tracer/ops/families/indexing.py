"""Indexing, and scattering, its derivative.

An index is split: integer and boolean arrays become inputs of the operation; slices, integers, None and ... become its
parameter `index`, a JSON list. `x[1:3, rows]` has the inputs `x` and `rows` and the index `[{"slice": [1, 3, None]}, "array"]`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.data_movement import DataMovement, Rearrangement
from tracer.ops.domain import REAL
from tracer.ops.indices import NO_ELEMENT, Index, Shape

Pattern = list[Any]


class Take(DataMovement):
    """Indexing by integers, slices, ..., None, integer and boolean arrays. Gradients of repeated elements add up."""

    formula = "{x}[...]"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, index: Any) -> Call:
        pattern, arrays = pattern_of(index)
        return (x, *arrays), {"index": pattern}

    @staticmethod
    def value(x: Array, *arrays: Array, index: Pattern) -> Array:
        return x[index_of(index, arrays)]

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return position == 0

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        return g.recorder.record(Scatter, (g, *inputs[1:]), {"index": parameters["index"], "shape": tuple(inputs[0].shape)})

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        # A mask selects at most as many elements as it has; its shape does not say how many.
        largest = max(map(math.prod, (*shapes, result)))
        # Nor need it fit the other indices: along each axis, counted from the last, they have at most the largest size.
        sizes = zip_longest(*(reversed(each) for each in shapes[1:]), fillvalue=1)
        return len(shapes) < 3 or math.prod(0 if 0 in axis else max(axis) for axis in sizes) <= largest

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        x, *arrays = inputs
        return [each[..., None] for each in selected_positions(x.shape, arrays, parameters["index"])]

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"{{0}}[{index_as_written(parameters['index'])}]"


class Scatter(Rearrangement):
    """Elements added to an array of zeros at an index: the gradient of `x[index]` with respect to x."""

    formula = "scatter({x}, ..., shape={shape})"
    domain = (REAL,)

    @staticmethod
    def value(x: Array, *arrays: Array, index: Pattern, shape: tuple[int, ...]) -> Array:
        scattered = np.zeros(shape, dtype=x.dtype)
        if any(isinstance(array, np.ndarray) for array in arrays):
            np.add.at(scattered, index_of(index, arrays), x)
        else:
            scattered[index_of(index, arrays)] = x
        return scattered

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return position == 0

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        return g.recorder.record(Take, (g, *inputs[1:]), {"index": parameters["index"]})

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return tuple(parameters["shape"]) == result

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        x, *arrays = inputs
        shape, places = tuple(parameters["shape"]), index_of(parameters["index"], arrays)
        largest, terms = np.zeros(shape), np.zeros(shape)
        np.maximum.at(largest, places, np.abs(x))
        np.add.at(terms, places, 1)
        return float(terms[index] * largest[index]) * unit if terms[index] > 1 else None

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        x, *arrays = inputs
        shape = tuple(parameters["shape"])
        taken, *used = (each.ravel() for each in selected_positions(shape, arrays, parameters["index"]))
        order = np.argsort(taken, kind="stable")
        rows, counts = taken[order], np.bincount(taken, minlength=math.prod(shape))
        columns = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
        found = np.full((1 + len(used), math.prod(shape), counts.max(initial=0)), NO_ELEMENT)
        for source, each in zip(found, (np.arange(x.size), *used), strict=True):
            source[rows, columns] = each[order]
        return [source.reshape(*shape, source.shape[-1]) for source in found]

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int]:
        return range(1, count)

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(np.abs(parts[0]))

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"scatter({{0}}, [{index_as_written(parameters['index'])}], shape={parameters['shape']})"


def selected_positions(shape: Shape, arrays: Sequence[np.ndarray], pattern: Pattern) -> list[np.ndarray]:
    """The positions of the elements that an index selects from an array of a shape.

    Then, for each array of the index, the positions of its elements that select them.

    >>> selected_positions((2, 3), [np.array([2, 0])], [1, "array"])
    [array([5, 3]), array([0, 1])]
    """
    taken = np.arange(math.prod(shape)).reshape(shape)[index_of(pattern, arrays)]
    # A boolean array selects like the indices of its true elements, one array per axis.
    own = [np.arange(each.size).reshape(each.shape) if each.dtype.kind != "b" else np.flatnonzero(each) for each in arrays]
    together = np.broadcast_shapes(*map(np.shape, own))
    axes_of = [each.ndim if each.dtype.kind == "b" else 1 for each in arrays]
    others = len(shape) - sum(axes_of) - sum(isinstance(part, (int, dict)) for part in pattern)
    # The index is applied to an array with the positions in `together` along its first axis with an index array, and the same
    # along the others. Of these axes, the others have size 1.
    numbers = np.arange(math.prod(together))
    remaining = iter(zip(arrays, axes_of, strict=True))
    sizes: list[int] = []
    parts: list[Any] = []
    first = None
    for part in pattern if "..." in pattern else [*pattern, "..."]:
        if part == "array":
            array, count = next(remaining)
            parts += [np.zeros(together, dtype=np.intp)] * count or [array]  # a boolean number selects along a new axis
            sizes += [1] * count
            if first is None and count:
                first = len(sizes) - count
                sizes[first], parts[-count] = len(numbers), numbers.reshape(together)
        elif part == "...":
            parts.append(Ellipsis)
            sizes += shape[len(sizes) : len(sizes) + others]
        elif part is None:
            parts.append(None)
        else:
            parts.append(part if isinstance(part, int) else slice(*part["slice"]))
            sizes.append(shape[len(sizes)])
    along = np.zeros((), dtype=np.intp) if first is None else numbers.reshape(-1, *[1] * (len(sizes) - first - 1))
    chosen = np.broadcast_to(along, sizes)[tuple(parts)]
    return [np.asarray(each) for each in (taken, *(np.broadcast_to(each, together).ravel()[chosen] for each in own))]


def pattern_of(index: Any) -> tuple[Pattern, list[Array]]:
    """Split an index into its JSON part and its arrays.

    >>> pattern_of((slice(1, 3), None, [0, 2], ...))
    ([{'slice': [1, 3, None]}, None, 'array', '...'], [array([0, 2])])
    """
    pattern: Pattern = []
    arrays: list[Array] = []
    for part in index if isinstance(index, tuple) else (index,):
        if part is None:
            pattern.append(None)
        elif part is Ellipsis:
            pattern.append("...")
        elif isinstance(part, slice):
            ends = (part.start, part.stop, part.step)
            pattern.append({"slice": [end if end is None else operator.index(end) for end in ends]})
        elif isinstance(part, (int, np.integer)) and not isinstance(part, bool):
            pattern.append(int(part))
        else:
            pattern.append("array")
            # np.asarray of an empty list has a float dtype, which is not valid as an index.
            arrays.append(part if hasattr(part, "dtype") else np.asarray(part, dtype=None if np.size(part) else np.intp))
    return pattern, arrays


def index_of(pattern: Pattern, arrays: Sequence[Array]) -> Index:
    """The index from its JSON part and its arrays: the inverse of `pattern_of`."""
    remaining = iter(arrays)
    parts: list[Any] = []
    for part in pattern:
        if isinstance(part, str):
            parts.append(Ellipsis if part == "..." else next(remaining))
        else:
            parts.append(slice(*part["slice"]) if isinstance(part, dict) else part)
    return tuple(parts)


def index_as_written(pattern: Pattern, first: int = 1) -> str:
    """The index as source text, with `{1}`, `{2}`, ... for its arrays; counted from `first`.

    >>> index_as_written([{"slice": [1, None, None]}, "array", 0, {"slice": [None, None, 2]}, None])
    '1:, {1}, 0, ::2, None'
    """
    texts, slot = [], first
    for part in pattern:
        if part == "array":
            texts.append(f"{{{slot}}}")
            slot += 1
        elif isinstance(part, dict):
            start, stop, stride = ("" if end is None else str(end) for end in part["slice"])
            texts.append(f"{start}:{stop}" + (f":{stride}" if stride else ""))
        else:
            texts.append(str(part))
    return ", ".join(texts) or "()"
