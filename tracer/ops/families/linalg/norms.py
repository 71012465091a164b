"""Norms of vectors and matrices.

Where a norm has no derivative, it is defined: elements that are tied for the largest or smallest share the gradient equally, as
those of max do; the derivative of abs at 0 is 0, and so is that of a norm at a vector of zeros, as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.graph.expression import Expression, FunctionCall, Number, infix
from tracer.ops.axes import Axes, axes_from_start, with_reduced_axes
from tracer.ops.base import Array, Call, Op, as_written
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import REAL
from tracer.ops.families.linalg.singular_values import Svd
from tracer.ops.families.reductions import Reduction
from tracer.ops.indices import Index
from tracer.ops.terms import Terms

SPECTRAL = ("nuc", 2, -2)
"""The orders of matrix norms that are computed from singular values."""

TIED = 1e-10
"""Values that differ by less, relative to the largest, are at a kink: they are not compared bit by bit as they are rounded."""


class AnyNorm(Op):
    """Base of norms. `ord` is NumPy's order, `axis` are the axes of a vector, or those of the rows and the columns of matrices.

    The derivative of the nuclear norm is U @ Vh of the singular value decomposition, that of the spectral norm the product of the
    singular vectors of the largest value.
    """

    domain = (REAL,)
    default_order: ClassVar[Any] = None

    @classmethod
    def reading(cls, rank: int, parameters: Mapping[str, Any]) -> tuple[Any, tuple[int, ...], bool]:
        """The order, the axes, and whether it is a norm of matrices other than that of all their elements."""
        order, axis = parameters["ord"], parameters["axis"]
        axes = tuple(range(rank)) if axis is None else tuple(axis)
        if order is None or order == "fro":
            return 2, axes, False
        return order, axes, cls.is_of_matrices(axes)

    @classmethod
    def is_of_matrices(cls, axes: tuple[int, ...]) -> bool:
        """Whether an order along these axes is that of a norm of matrices."""
        return len(axes) == 2

    @classmethod
    def complex_norm(cls, x: Array, parameters: Mapping[str, Any]) -> np.ndarray:
        """The norm as an analytic function."""
        order, axes, is_matrix = cls.reading(np.ndim(x), parameters)
        moved = _imaginary_of_matrix_norm(x, order, axes) if is_matrix else _imaginary_of_vector_norm(x, order, axes)
        value = np.asarray(cls.value(np.real(x), **parameters))
        return complex_of(value, moved.reshape(value.shape))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return Reduction.parts(index, inputs, parameters)

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        return np.stack([np.imag(cls.complex_norm(each, parameters)) for each in inputs[0]])

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        (x,) = inputs
        order, axes, is_matrix = cls.reading(x.ndim, parameters)
        g, out = (with_reduced_axes(each, x, axes, parameters["keepdims"]) for each in (g, out))
        if is_matrix and order in SPECTRAL:
            return g * _spectral_derivative(x, order, axes)
        if is_matrix:
            sums = np.sum(np.abs(x), axis=_summed(order, axes), keepdims=True)
            # As the sums may be rounded otherwise than in the value, they are compared with their own extreme.
            chosen = (np.max if order > 0 else np.min)(sums, axis=axes, keepdims=True)
            return g * (np.sign(x) * _share(np.equal(sums, chosen), axes, g.dtype))
        return g * _vector_derivative(x, out, order, axes, g.dtype)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        (x,) = inputs
        order, axes, is_matrix = cls.reading(np.ndim(x), parameters)
        if is_matrix and order in SPECTRAL:
            values = np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), compute_uv=False)
            largest = values[..., :1]
            if order == "nuc":
                return np.where(values <= TIED * largest, 0, 1)
            extreme = largest if order == 2 else values[..., -1:]
            return np.append(_sides(np.abs(values - extreme) <= TIED * largest, (-1,)), np.ravel(np.where(extreme == 0, 0, 1)))
        if is_matrix:
            sums = np.sum(np.abs(x), axis=_summed(order, axes), keepdims=True)
            extreme = (np.max if order > 0 else np.min)(sums, axis=axes, keepdims=True)
            return np.append(_sides(np.isclose(sums, extreme, rtol=TIED, atol=0), axes), np.ravel(np.sign(x)))
        if math.isinf(order):
            extreme = (np.max if order > 0 else np.min)(np.abs(x), axis=axes, keepdims=True)
            chosen = np.abs(x) == extreme
            return np.append(_sides(chosen, axes), np.ravel(np.where(chosen, np.sign(x), 1)))
        if order > 1:
            return np.asarray(np.sign(np.sum(np.abs(x), axis=axes, keepdims=True)))
        return np.asarray(np.sign(x))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        is_vector = parameters["axis"] is not None and not cls.is_of_matrices(tuple(parameters["axis"]))
        order = parameters["ord"]
        if not (order in (None, "fro") or (order == 2 and (is_vector or cls.default_order == 2))):
            return terms[0].in_call("norm")
        squares = tuple(infix(("**",), (element, Number("2"))) for element in terms[0].elements)
        total = Terms(squares, terms[0].count, terms[0].zeros).joined("+")
        return total and FunctionCall("sqrt", (total,))

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        left_out = {"ord": cls.default_order, "axis": None, "keepdims": False}
        written = (
            f", {name}={as_written(name, option)}"
            for name, option in parameters.items()
            if name in left_out and (option is None) < (option != left_out[name] or type(option) is not type(left_out[name]))
        )
        return f"{cls.name}({{0}}{''.join(written)})"


class Norm(AnyNorm):
    """Norm of vectors or matrices along axes, with NumPy's orders."""

    implements = np.linalg.norm
    formula = "norm({x}{options})"

    @staticmethod
    def call(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Call:
        return (x,), {"ord": _plain_order(ord), "axis": axes_from_start(axis, np.ndim(x)), "keepdims": bool(keepdims)}

    @staticmethod
    def value(x: Array, *, ord: Any, axis: Any, keepdims: bool) -> Array:
        return np.linalg.norm(x, ord, None if axis is None else tuple(axis), keepdims)

    @classmethod
    def complex_value(cls, x: Array, **parameters: Any) -> np.ndarray:
        return cls.complex_norm(x, parameters)


class VectorNorm(AnyNorm):
    """Norm of all elements along axes as one vector."""

    implements = np.linalg.vector_norm
    formula = "vector_norm({x}{options})"
    default_order = 2

    @staticmethod
    def call(x: Array, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Call:
        return (x,), {"ord": _plain_order(ord), "axis": axes_from_start(axis, np.ndim(x)), "keepdims": bool(keepdims)}

    @staticmethod
    def value(x: Array, *, ord: Any, axis: Any, keepdims: bool) -> Array:
        axes: Any = None if axis is None else tuple(axis)
        return np.linalg.vector_norm(x, axis=axes, keepdims=keepdims, ord=ord)

    @classmethod
    def complex_value(cls, x: Array, **parameters: Any) -> np.ndarray:
        return cls.complex_norm(x, parameters)

    @classmethod
    def is_of_matrices(cls, axes: tuple[int, ...]) -> bool:
        return False


class MatrixNorm(AnyNorm):
    """Norm of matrices in the last two axes."""

    implements = np.linalg.matrix_norm
    formula = "matrix_norm({x}{options})"
    default_order = "fro"

    @staticmethod
    def call(x: Array, /, *, keepdims: bool = False, ord: Any = "fro") -> Call:
        rank = np.ndim(x)
        return (x,), {"ord": _plain_order(ord), "axis": (rank - 2, rank - 1), "keepdims": bool(keepdims)}

    @staticmethod
    def value(x: Array, *, ord: Any, axis: Any, keepdims: bool) -> Array:
        return np.linalg.matrix_norm(x, keepdims=keepdims, ord=ord)

    @classmethod
    def complex_value(cls, x: Array, **parameters: Any) -> np.ndarray:
        return cls.complex_norm(x, parameters)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return super().template(count, {**parameters, "axis": None})


def _vector_derivative(x: Array, out: Array, order: Any, axes: Axes, dtype: Any) -> Array:
    if order == 2:
        return x / np.where(np.equal(out, 0), 1, out)
    if order == 1:
        return np.sign(x)
    if order == 0:
        return x * 0
    if math.isinf(order):
        return np.sign(x) * _share(np.equal(np.abs(x), out), axes, dtype)
    is_zero = np.equal(x, 0)
    ratio = np.where(is_zero, 1, np.abs(x)) / np.where(np.equal(out, 0), 1, out)
    return np.where(is_zero, 0, np.sign(x) * ratio ** (order - 1))


def _spectral_derivative(x: Array, order: Any, axes: Any) -> Array:
    """The derivative of a sum of singular values: all of them, or the largest or smallest."""
    matrices = np.moveaxis(x, axes, (-2, -1))
    left, values, right = np.linalg.svd(matrices, full_matrices=False)
    if order != "nuc":
        chosen = np.max(values, axis=-1, keepdims=True) if order == 2 else np.min(values, axis=-1, keepdims=True)
        left = left * np.expand_dims(_share(np.equal(values, chosen), (-1,), x.dtype), -2)
    return np.moveaxis(left @ right, (-2, -1), axes)


def _share(chosen: Array, axes: Any, dtype: Any) -> Array:
    """1 over the number of chosen elements at each of them, and 0 elsewhere."""
    count = np.astype(np.sum(chosen, axis=axes, keepdims=True), dtype)
    return np.astype(chosen, dtype) / count


def _summed(order: Any, axes: Any) -> int:
    """The axis along which the absolute values of matrices are summed: the rows for order 1, the columns for infinity."""
    axis: int = axes[0 if abs(order) == 1 else 1]
    return axis


def _sides(chosen: np.ndarray, axes: Any) -> np.ndarray:
    """The sides of the kinks of an extreme: 0 at elements that are tied for it."""
    shared = np.sum(chosen, axis=axes, keepdims=True) > 1
    return np.ravel(np.where(chosen, np.where(shared, 0, 1), -1))


def _mean_of_chosen(numbers: np.ndarray, chosen: np.ndarray, axes: Any) -> np.ndarray:
    return np.asarray(np.sum(np.where(chosen, numbers, 0), axis=axes) / np.sum(chosen, axis=axes))


def _imaginary_of_vector_norm(x: Array, order: Any, axes: Any) -> np.ndarray:
    """The imaginary part of the norm, as an analytic function, of a complex vector."""
    size = np.abs(np.real(x))
    # The complex number with the absolute value of the real part: x or -x.
    turned = np.where(np.real(x) == 0, 0, x * np.sign(np.real(x)))
    if order == 0:
        return np.zeros(np.shape(np.sum(size, axis=axes)))
    if order == 1:
        return np.imag(np.sum(turned, axis=axes))
    if math.isinf(order):
        extreme = (np.max if order > 0 else np.min)(size, axis=axes, keepdims=True)
        return _mean_of_chosen(np.imag(turned), size == extreme, axes)
    if order == 2:
        total = np.sum(x * x, axis=axes)
    else:
        total = np.sum(np.where(size == 0, 0, np.where(size == 0, 1, turned) ** order), axis=axes)
    is_zero = np.all(size == 0, axis=axes)  # not of the total, whose real part the imaginary parts change
    return np.asarray(np.where(is_zero, 0, np.imag(np.where(is_zero, 1, total) ** (1 / order))))


def _imaginary_of_matrix_norm(x: Array, order: Any, axes: Any) -> np.ndarray:
    if order not in SPECTRAL:
        sums = np.sum(np.where(np.real(x) == 0, 0, x * np.sign(np.real(x))), axis=_summed(order, axes), keepdims=True)
        extreme = (np.max if order > 0 else np.min)(np.real(sums), axis=axes, keepdims=True)
        return _mean_of_chosen(np.imag(sums), np.real(sums) == extreme, axes)
    matrices = np.moveaxis(x, axes, (-2, -1))
    moved, values = np.imag(Svd.complex_value(matrices, part=1)), np.linalg.svd(np.real(matrices), compute_uv=False)
    if order == "nuc":
        return np.asarray(np.sum(moved, axis=-1))
    extreme = (np.max if order == 2 else np.min)(values, axis=-1, keepdims=True)
    return _mean_of_chosen(moved, values == extreme, -1)


def _plain_order(order: Any) -> Any:
    return order.item() if isinstance(order, np.generic) else order
