"""Indexing, and scattering, its derivative.

An index is split: integer and boolean arrays become inputs of the operation; slices, integers, None and ... become its
parameter `index`, a JSON list. `x[1:3, rows]` has the inputs `x` and `rows` and the index `[{"slice": [1, 3, None]}, "array"]`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call, Op
from tracer.ops.data_movement import DataMovement
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape

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
        return len(shapes) < 3 or math.prod(np.broadcast_shapes(*shapes[1:])) <= largest

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"{{0}}[{index_as_written(parameters['index'])}]"


class Scatter(Op):
    """Elements added to an array of zeros at an index: the gradient of `x[index]` with respect to x."""

    formula = "scatter({x}, ..., shape={shape})"
    domain = (REAL,)
    analytic = True

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
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"scatter({{0}}, [{index_as_written(parameters['index'])}], shape={parameters['shape']})"


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


def index_as_written(pattern: Pattern) -> str:
    """The index as source text, with `{1}`, `{2}`, ... for its arrays.

    >>> index_as_written([{"slice": [1, None, None]}, "array", 0, {"slice": [None, None, 2]}, None])
    '1:, {1}, 0, ::2, None'
    """
    texts, arrays = [], 0
    for part in pattern:
        if part == "array":
            arrays += 1
            texts.append(f"{{{arrays}}}")
        elif isinstance(part, dict):
            start, stop, stride = ("" if end is None else str(end) for end in part["slice"])
            texts.append(f"{start}:{stop}" + (f":{stride}" if stride else ""))
        else:
            texts.append(str(part))
    return ", ".join(texts) or "()"
