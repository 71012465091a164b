"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import operator
import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.families.products.subscripts import ProductBySubscripts, batched
from tracer.ops.indices import Index
from tracer.ops.sum_of_products import SumOfProducts


class Inner(ProductBySubscripts):
    """NumPy's inner: the sum over the last axis of both arrays; the product with a scalar."""

    implements = np.inner
    formula = "inner({x}, {y})"

    @classmethod
    def subscripts(cls, left: int, right: int, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
        letters = string.ascii_letters
        if not left or not right:
            return letters[:left], letters[:right], letters[: left or right]
        one, other = letters[: left - 1], letters[left : left + right - 1]
        return one + letters[left - 1], other + letters[left - 1], one + other


class Vdot(SumOfProducts):
    """The sum of the products of two arrays, both flattened."""

    implements = np.vdot
    formula = "vdot({x}, {y})"
    domain = REAL, REAL
    analytic = False
    squares_terms = True

    @staticmethod
    def value(x: Array, y: Array) -> Array:
        return np.vdot(x, y)

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        return np.sum(np.ravel(x) * np.ravel(y))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (y if np.shape(x) == np.shape(y) else np.reshape(y, np.shape(x)))

    @staticmethod
    def gradient_y(g: Array, out: Array, x: Array, y: Array) -> Array:
        return g * (x if np.shape(x) == np.shape(y) else np.reshape(x, np.shape(y)))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return tuple((slice(None),) * np.ndim(array) for array in inputs)


class Vecdot(ProductBySubscripts):
    """The dot products of the vectors along an axis of both arrays; the other axes broadcast."""

    implements = np.vecdot, np.linalg.vecdot
    formula = "vecdot({x}, {y}{options})"
    analytic = False

    @staticmethod
    def call(x1: Array, x2: Array, *, axis: int = -1) -> Call:
        axis = operator.index(axis)
        return (x1, x2), {} if axis == -1 else {"axis": axis}

    @staticmethod
    def value(x: Array, y: Array, *, axis: int = -1) -> Array:
        vecdot: Any = np.vecdot
        return vecdot(x, y, axis=axis)

    @staticmethod
    def complex_value(x: Array, y: Array, *, axis: int = -1) -> Array:
        return np.sum(np.moveaxis(x, axis, -1) * np.moveaxis(y, axis, -1), axis=-1)

    @classmethod
    def subscripts(cls, left: int, right: int, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
        axis = parameters.get("axis", -1)
        one, other, result = batched(left - 1, right - 1)
        return _inserted(one, axis), _inserted(other, axis), result


class Matvec(ProductBySubscripts):
    """Products of matrices and vectors, the last axes of both arrays; leading axes broadcast."""

    implements = getattr(np, "matvec", ())
    formula = "matvec({x}, {y})"

    @staticmethod
    def value(x: Array, y: Array) -> Array:
        return np.matvec(x, y)

    @classmethod
    def subscripts(cls, left: int, right: int, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
        one, other, result = batched(left - 2, right - 1)
        return f"{one}yz", f"{other}z", f"{result}y"


class Vecmat(ProductBySubscripts):
    """Products of vectors and matrices, the last axes of both arrays; leading axes broadcast."""

    implements = getattr(np, "vecmat", ())
    formula = "vecmat({x}, {y})"
    analytic = False

    @staticmethod
    def value(x: Array, y: Array) -> Array:
        return np.vecmat(x, y)

    @staticmethod
    def complex_value(x: Array, y: Array) -> Array:
        return np.matmul(x[..., np.newaxis, :], y)[..., 0, :]

    @classmethod
    def subscripts(cls, left: int, right: int, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
        one, other, result = batched(left - 1, right - 2)
        return f"{one}y", f"{other}yz", f"{result}z"


class Tensordot(ProductBySubscripts):
    """The sum of products over pairs of axes: the last and first ones for a number of `axes`, or those in two lists."""

    implements = np.tensordot, np.linalg.tensordot
    formula = "tensordot({x}, {y}, axes={axes})"

    @staticmethod
    def call(a: Array, b: Array, /, axes: Any = 2) -> Call:
        return (a, b), {"axes": _axis_pairs(axes, np.ndim(a), np.ndim(b))}

    @staticmethod
    def value(x: Array, y: Array, *, axes: Any) -> Array:
        return np.tensordot(x, y, axes=(list(axes[0]), list(axes[1])))

    @classmethod
    def subscripts(cls, left: int, right: int, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
        own, others = parameters["axes"]
        one = string.ascii_letters[:left]
        free = iter(string.ascii_letters[left:])
        other = "".join(one[own[list(others).index(axis)]] if axis in others else next(free) for axis in range(right))
        kept = (letter for axis, letter in enumerate(one) if axis not in own)
        return one, other, "".join((*kept, *(letter for letter in other if letter not in one)))


class VectorOuter(ProductBySubscripts):
    """Outer product of two vectors: np.linalg.outer, which takes no other arrays."""

    implements = np.linalg.outer
    formula = "outer({x}, {y})"

    @classmethod
    def subscripts(cls, left: int, right: int, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
        return "a", "b", "ab"


def _inserted(letters: str, axis: int) -> str:
    """Subscripts with z for another axis at the position `axis` of the result, from the end if it is negative."""
    place = axis + len(letters) + 1 if axis < 0 else axis
    return f"{letters[:place]}z{letters[place:]}"


def _axis_pairs(axes: Any, left: int, right: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of tensordot as two tuples of non-negative integers.

    >>> _axis_pairs(1, 2, 3), _axis_pairs(([0, -1], [1, 0]), 3, 2), _axis_pairs((0, 1), 2, 2)
    (((1,), (0,)), ((0, 2), (1, 0)), ((0,), (1,)))
    """
    if hasattr(axes, "__index__"):
        count = operator.index(axes)
        return tuple(range(left - count, left)), tuple(range(count))
    one, other = ([each] if hasattr(each, "__index__") else each for each in axes)
    for given, rank in ((one, left), (other, right)):
        for axis in given:
            if not -rank <= operator.index(axis) < rank:
                raise np.exceptions.AxisError(operator.index(axis), rank)
    return tuple(operator.index(axis) % left for axis in one), tuple(operator.index(axis) % right for axis in other)
