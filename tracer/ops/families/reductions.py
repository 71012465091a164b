"""Reductions over one, several or all axes: sum, mean, product, maximum, minimum, variance, and argmax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression, Number, infix
from tracer.ops.axes import Axes, axes_from_start, count_of, with_reduced_axes
from tracer.ops.base import Array, Call, Op
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import REAL
from tracer.ops.indices import Index
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms


class Reduction(Op):
    """Base of operations that reduce axes. `axis` is None for all axes, or a tuple of non-negative axes."""

    domain = (REAL,)

    @staticmethod
    def call(a: Array, axis: Any = None, *, keepdims: bool = False) -> Call:
        rank = a.ndim if hasattr(a, "ndim") else np.ndim(a)
        if not rank and axis in (0, -1):
            axis = None  # NumPy accepts the axes 0 and -1 for 0-d arrays
        return (a,), {"axis": axes_from_start(axis, rank), "keepdims": bool(keepdims)}

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        assert cls.complex_value is not None
        (many,) = inputs
        axis = parameters["axis"]
        behind_first = tuple(range(1, many.ndim)) if axis is None else tuple(one + 1 for one in axis)
        return np.imag(cls.complex_value(many, **{**parameters, "axis": behind_first}))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        rank = np.ndim(inputs[0])
        reduced = range(rank) if parameters["axis"] is None else parameters["axis"]
        kept = iter(() if parameters["keepdims"] else index)
        return (
            tuple(
                slice(None) if axis in reduced else index[axis] if parameters["keepdims"] else next(kept) for axis in range(rank)
            ),
        )

    @classmethod
    def reduced(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> np.ndarray:
        """The elements that the output element at `index` is reduced from."""
        (part,) = cls.parts(index, inputs, parameters) or ((),)
        return np.asarray(inputs[0][part])


class Sum(Reduction):
    """Sum over axes."""

    implements = np.sum
    formula = "sum({x}{options})"
    analytic = True

    @staticmethod
    def value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        if type(x) is np.ndarray:
            add: Any = np.add
            return add.reduce(x, axis=axis, keepdims=keepdims)  # equal to np.sum for an array, with less overhead
        return np.sum(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes, keepdims: bool) -> Array:
        return np.broadcast_to(with_reduced_axes(g, x, axis, keepdims), x.shape)

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        return rounding_of_sum(cls.reduced(index, inputs, parameters), unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].joined("+")


class Mean(Reduction):
    """Arithmetic mean over axes."""

    implements = np.mean
    formula = "mean({x}{options})"
    analytic = True

    @staticmethod
    def value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        if type(x) is np.ndarray and x.dtype.char in "fd" and x.size:
            # Equal to np.mean for these, bit for bit, with less overhead.
            return Sum.value(x, axis=axis, keepdims=keepdims) / count_of(x, axis)
        return np.mean(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes, keepdims: bool) -> Array:
        return np.broadcast_to(with_reduced_axes(g / count_of(x, axis), x, axis, keepdims), x.shape)

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        return rounding_of_sum(cls.reduced(index, inputs, parameters), unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        total = terms[0].joined("+")
        return total and infix(("/",), (total, Number(str(terms[0].count))))


class Max(Reduction):
    """Maximum over axes. Ties share the gradient equally."""

    implements = np.max
    formula = "max({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        return np.max(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def complex_value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        largest = np.max(np.real(x), axis=axis, keepdims=True)
        return _mean_of_ties(x, np.real(x) == largest, axis, keepdims)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes, keepdims: bool) -> Array:
        chosen = np.equal(x, with_reduced_axes(out, x, axis, keepdims))
        ties = np.sum(chosen, axis=axis, keepdims=True)
        # Cast the integer count to the dtype of g: int64 would promote float32 to float64.
        return np.where(chosen, with_reduced_axes(g, x, axis, keepdims) / np.astype(ties, g.dtype), 0)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        (x,) = inputs
        axis = parameters["axis"]
        chosen = np.equal(x, cls.value(x, axis=axis, keepdims=True))
        shared = np.sum(chosen, axis=axis, keepdims=True) > 1
        return np.where(chosen, np.where(shared, 0, 1), -1)

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return parts[0]

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].in_call(cls.name)


class Min(Max):
    """Minimum over axes. Ties share the gradient equally."""

    implements = np.min
    formula = "min({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        return np.min(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def complex_value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        smallest = np.min(np.real(x), axis=axis, keepdims=True)
        return _mean_of_ties(x, np.real(x) == smallest, axis, keepdims)

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(np.negative(parts[0]))


class Prod(Reduction):
    """Product over axes. The derivative with respect to a factor is the product of the others, even if factors are 0."""

    implements = np.prod
    formula = "prod({x}{options})"
    analytic = True

    @staticmethod
    def value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        return np.prod(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes, keepdims: bool) -> Array:
        axes = tuple(range(x.ndim)) if axis is None else axis
        kept = tuple(other for other in range(x.ndim) if other not in axes)
        order, count = kept + axes, count_of(x, axes)
        # Dividing the product by a factor fails at 0. Instead, multiply a row of all factors with this one replaced by 1.
        rows = np.reshape(np.transpose(x, order), (*(x.shape[other] for other in kept), 1, count))
        others = np.prod(np.where(np.eye(count, dtype=bool), 1, rows), axis=-1)
        in_order = np.reshape(others, tuple(x.shape[other] for other in order))
        derivative = np.transpose(in_order, tuple(order.index(other) for other in range(x.ndim)))
        return with_reduced_axes(g, x, axis, keepdims) * derivative

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].joined("*")


class Var(Reduction):
    """Variance over axes: the sum of squared deviations from the mean, divided by count - ddof.

    Of complex numbers, the deviations are distances, and the derivative is their conjugate.
    """

    implements = np.var
    formula = "var({x}{options})"
    accepts_complex = True

    @staticmethod
    def call(a: Array, axis: Any = None, *, ddof: float = 0, keepdims: bool = False, correction: float | None = None) -> Call:
        freedom = ddof if correction is None else correction
        return (a,), {"axis": axes_from_start(axis, np.ndim(a)), "ddof": freedom, "keepdims": bool(keepdims)}

    @staticmethod
    def value(x: Array, *, axis: Axes, ddof: float, keepdims: bool) -> Array:
        return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)

    @staticmethod
    def complex_value(x: Array, *, axis: Axes, ddof: float, keepdims: bool) -> Array:
        deviation = x - np.mean(x, axis=axis, keepdims=True)
        freedom = count_of(x, axis) - ddof
        spread = np.sum(deviation * deviation, axis=axis, keepdims=keepdims) / freedom
        return complex_of(np.var(np.real(x), axis=axis, ddof=ddof, keepdims=keepdims), np.imag(spread))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes, ddof: float, keepdims: bool) -> Array:
        deviation = _conjugate(x - np.mean(x, axis=axis, keepdims=True))
        freedom = count_of(x, axis) - ddof
        return with_reduced_axes(g, x, axis, keepdims) * (deviation * (2 / freedom if freedom else np.nan))

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        # Deviations from the mean have the rounding of the sum, and are squared.
        return rounding_of_sum(cls.reduced(index, inputs, parameters), unit) ** 2

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(np.abs(parts[0] - np.mean(parts[0])))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].in_call(cls.name)


class Std(Var):
    """Standard deviation over axes: the square root of the variance. Where it is 0, its derivative is defined as 0."""

    implements = np.std
    formula = "std({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: Axes, ddof: float, keepdims: bool) -> Array:
        return np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)

    @staticmethod
    def complex_value(x: Array, *, axis: Axes, ddof: float, keepdims: bool) -> Array:
        variance = Var.complex_value(x, axis=axis, ddof=ddof, keepdims=keepdims)
        is_zero = np.real(variance) == 0
        root = np.where(is_zero, 0, np.sqrt(np.where(is_zero, 1, variance)))
        return complex_of(np.std(np.real(x), axis=axis, ddof=ddof, keepdims=keepdims), np.imag(root))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes, ddof: float, keepdims: bool) -> Array:
        deviation = _conjugate(x - np.mean(x, axis=axis, keepdims=True))
        spread = with_reduced_axes(out, x, axis, keepdims)
        share = deviation / (np.where(np.equal(spread, 0), 1, spread) * (count_of(x, axis) - ddof))
        return with_reduced_axes(g, x, axis, keepdims) * share

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        return rounding_of_sum(cls.reduced(index, inputs, parameters), unit)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return np.asarray(np.sign(cls.value(*inputs, **parameters)))


def _conjugate(x: Array) -> Array:
    """The complex conjugate; a real array itself."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _mean_of_ties(x: Array, chosen: Array, axis: Axes, keepdims: bool) -> np.ndarray:
    """The complex number with the real part of the chosen elements, which all have the same, and their mean imaginary part."""
    imaginary = np.sum(np.where(chosen, np.imag(x), 0), axis=axis, keepdims=keepdims)
    count = np.sum(chosen, axis=axis, keepdims=keepdims)
    real = np.max(np.where(chosen, np.real(x), -np.inf), axis=axis, keepdims=keepdims)
    return complex_of(real, imaginary / count)
