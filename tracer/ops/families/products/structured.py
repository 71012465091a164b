"""Products with a structure of their own: Kronecker, cross, and chains of matrices."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from tracer.graph.expression import Expression, infix
from tracer.ops.base import Array, Call, Op
from tracer.ops.domain import REAL
from tracer.ops.indices import NO_ELEMENT, Index, Shape, broadcast_index, unraveled
from tracer.ops.sum_of_products import SumOfProducts
from tracer.ops.terms import Terms


class Kron(SumOfProducts):
    """Kronecker product: blocks of y, each multiplied by an element of x."""

    implements = np.kron
    formula = "kron({x}, {y})"
    domain = REAL, REAL
    squares_terms = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        _, columns = _block_axes(np.ndim(out))
        return np.reshape(np.sum(_blocks(g, x, y) * np.reshape(y, _padded(y, out, columns)), axis=columns), np.shape(x))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        rows, _ = _block_axes(np.ndim(out))
        return np.reshape(np.sum(_blocks(g, x, y) * np.reshape(x, _padded(x, out, rows)), axis=rows), np.shape(y))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return tuple(one * other for one, other in zip(*_aligned(*shapes), strict=True)) == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        x, y = inputs
        _, sizes = _aligned(np.shape(x), np.shape(y))
        one = tuple(place // size for place, size in zip(index, sizes, strict=True))
        other = tuple(place % size for place, size in zip(index, sizes, strict=True))
        return one[len(one) - np.ndim(x) :], other[len(other) - np.ndim(y) :]


class CrossProduct(Op):
    """Base of cross products of vectors with 3 components along an axis; a missing third component is 0.

    Of two vectors with 2 components each, the result is the third component.
    """

    domain = REAL, REAL
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array, *, axisa: int = -1, axisb: int = -1, axisc: int = -1) -> Array:
        return _restored(_crossed(_last(y, axisb), _vectors(g, x, y, axisa, axisb, axisc)), x, axisa)

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array, *, axisa: int = -1, axisb: int = -1, axisc: int = -1) -> Array:
        return _restored(_crossed(_vectors(g, x, y, axisa, axisb, axisc), _last(x, axisa)), y, axisb)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        one, other = (np.moveaxis(np.broadcast_to(0, shape), parameters.get(name, -1), -1).shape
                      for name, shape in zip(("axisa", "axisb"), shapes, strict=True))  # fmt: skip
        batch = np.broadcast_shapes(one[:-1], other[:-1])
        if 3 not in (one[-1], other[-1]):
            return batch == result
        return np.moveaxis(np.broadcast_to(0, (*batch, 3)), -1, parameters.get("axisc", -1)).shape == result

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        (x, y), present = cls._pairs(unraveled(np.arange(np.size(value)), np.shape(value)), inputs, parameters)
        products = np.abs(inputs[0][x] * inputs[1][y]) * present
        return np.asarray(np.sum(products, axis=-1).reshape(np.shape(value)))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        """The two terms x[i] * y[j] - x[j] * y[i], without those of a component that is missing."""
        pairs, present = cls._pairs(index, inputs, parameters)
        return tuple(tuple(np.broadcast_to(axis, present.shape)[present] for axis in pair) for pair in pairs)

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        count = math.prod(shape)
        pairs, present = cls._pairs(unraveled(np.arange(count), shape), inputs, parameters)
        order = np.argsort(~np.broadcast_to(present, (count, 2)), axis=-1, kind="stable")
        found = (np.broadcast_to(np.ravel_multi_index(pair, array.shape), (count, 2)) for pair, array in zip(pairs, inputs))
        return [np.take_along_axis(np.where(present, flat, NO_ELEMENT), order, axis=-1) for flat in found]

    @classmethod
    def _pairs(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]
    ) -> tuple[tuple[Index, Index], np.ndarray]:
        """The indices of the factors of the two terms, along a last axis, and which of them both inputs have."""
        x, y = inputs
        axes = [parameters.get(name, -1) for name in ("axisa", "axisb", "axisc")]
        component: Any = 2
        if 3 in (x.shape[axes[0]], y.shape[axes[1]]):
            rank = len(index)
            component = index[axes[2] % rank]
            index = tuple(place for axis, place in enumerate(index) if axis != axes[2] % rank)
        first, second = (np.asarray(component) + 1) % 3, (np.asarray(component) + 2) % 3
        places = np.stack([first, second], axis=-1), np.stack([second, first], axis=-1)
        found, present = [], np.ones(places[0].shape, dtype=bool)
        for array, axis, own in zip((x, y), axes, places):
            others = tuple(size for place, size in enumerate(array.shape) if place != axis % array.ndim)
            here: list[Any] = [np.asarray(each)[..., np.newaxis] for each in broadcast_index(index, others)]
            here.insert(axis % array.ndim, np.minimum(own, array.shape[axis] - 1))
            found.append(tuple(here))
            present &= own < array.shape[axis]
        return (found[0], found[1]), present

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        x, y = (term.elements for term in terms)
        return infix(("-",), tuple(infix(("*",), pair) for pair in zip(x, y, strict=True))) if len(x) == len(y) == 2 else None


class Cross(CrossProduct):
    """Cross product of vectors with 2 or 3 components along an axis."""

    implements = np.cross
    formula = "cross({x}, {y}{options})"

    @staticmethod
    def call(a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Call:
        axes = (axisa, axisb, axisc) if axis is None else (axis,) * 3
        named = zip(("axisa", "axisb", "axisc"), map(operator.index, axes), strict=True)
        return (a, b), {name: place for name, place in named if place != -1}

    @staticmethod
    def value(x: Array, y: Array, **axes: int) -> Array:
        return np.cross(x, y, **axes)


class VectorCross(CrossProduct):
    """Cross product of vectors with 3 components along an axis: np.linalg.cross, which takes no others."""

    implements = np.linalg.cross
    formula = "cross({x}, {y}{options})"

    @staticmethod
    def call(x1: Array, x2: Array, /, *, axis: int = -1) -> Call:
        place = operator.index(axis)
        return (x1, x2), {} if place == -1 else dict.fromkeys(("axisa", "axisb", "axisc"), place)

    @staticmethod
    def value(x: Array, y: Array, **axes: int) -> Array:
        return np.linalg.cross(x, y, axis=axes.get("axisa", -1))


class MultiDot(SumOfProducts):
    """Product of several matrices, in the order that takes the fewest multiplications. The first and the last may be vectors."""

    implements = np.linalg.multi_dot
    formula = "multi_dot({arrays}, ...)"
    domain = (REAL,)
    squares_terms = True

    @staticmethod
    def call(arrays: Sequence[Array]) -> Call:
        return tuple(arrays), {}

    @staticmethod
    def value(*arrays: Array) -> Array:
        return np.linalg.multi_dot(arrays)

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        matrices = list(inputs)
        rows, columns = inputs[0].shape[:-1] or (1,), inputs[-1].shape[1:] or (1,)
        matrices[0], matrices[-1] = np.reshape(inputs[0], (*rows, -1)), np.reshape(inputs[-1], (-1, *columns))
        gradient = np.reshape(g, (*rows, *columns))
        if position > 0:
            gradient = reduce(operator.matmul, matrices[:position]).T @ gradient
        if position < len(inputs) - 1:
            gradient = gradient @ reduce(operator.matmul, matrices[position + 1 :]).T
        return np.reshape(gradient, inputs[position].shape)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return shapes[0][:-1] + shapes[-1][1:] == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        """A row of the first matrix, a column of the last, and all of those between."""
        first, *between, _ = inputs
        row, column = index[: first.ndim - 1], index[first.ndim - 1 :]
        return (*row, slice(None)), *((slice(None),) * 2 for _ in between), (slice(None), *column)

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        row, *between, column = (np.abs(array[part]) for array, part in zip(inputs, cls.parts(index, inputs, parameters) or ()))
        return float(reduce(np.dot, (row, *between, column))) * unit * sum(map(len, inputs))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return super().format_element(template, terms, parameters) if len(terms) == 2 else None

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"multi_dot([{', '.join(f'{{{position}}}' for position in range(count))}])"


def _aligned(one: Shape, other: Shape) -> tuple[Shape, Shape]:
    """Both shapes with axes of size 1 in front, so that they have the same length."""
    rank = max(len(one), len(other))
    return (1,) * (rank - len(one)) + tuple(one), (1,) * (rank - len(other)) + tuple(other)


def _block_axes(rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """In an array of blocks, the axes that tell the block, and those inside it."""
    return tuple(range(0, 2 * rank, 2)), tuple(range(1, 2 * rank, 2))


def _blocks(g: Array, x: Array, y: Array) -> Array:
    """A Kronecker product as an array of blocks: every axis split in two."""
    pairs = zip(*_aligned(np.shape(x), np.shape(y)), strict=True)
    return np.reshape(g, tuple(size for pair in pairs for size in pair))


def _padded(x: Array, out: Array, axes: Sequence[int]) -> tuple[int, ...]:
    """The shape of x in an array of blocks with its axes at these places."""
    shape = [1] * (2 * np.ndim(out))
    for axis, size in zip(axes[len(axes) - np.ndim(x) :], np.shape(x), strict=True):
        shape[axis] = size
    return tuple(shape)


def _vectors(g: Array, x: Array, y: Array, axisa: int, axisb: int, axisc: int) -> Array:
    """The cotangent of a cross product as vectors with 3 components along the last axis."""
    if 3 in (np.shape(x)[axisa], np.shape(y)[axisb]):
        return _last(g, axisc)
    return np.expand_dims(g, -1) * np.array([0, 0, 1], dtype=g.dtype)


def _crossed(x: Array, y: Array) -> Array:
    """The cross product of vectors along the last axis, the third component of which may be missing."""
    return np.cross(_with_three(x), _with_three(y))


def _with_three(x: Array) -> Array:
    if x.shape[-1] == 3:
        return x
    return np.concatenate([x, np.zeros((*x.shape[:-1], 1), dtype=x.dtype)], axis=-1)


def _restored(gradient: Array, x: Array, axis: int) -> Array:
    """The components that x has, along its axis, counted from the end as leading axes may have been added."""
    own = gradient if np.shape(x)[axis] == 3 else gradient[..., :2]
    place = axis if axis < 0 else axis - np.ndim(x)
    return own if place == -1 else np.moveaxis(own, -1, place)


def _last(x: Array, axis: int) -> Array:
    return x if axis == -1 else np.moveaxis(x, axis, -1)
