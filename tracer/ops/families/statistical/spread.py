"""Variance and standard deviation over axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.graph.expression import Expression
from tracer.ops.axes import Axes, count_of, with_reduced_axes
from tracer.ops.base import Array, Call
from tracer.ops.complex_numbers import complex_of
from tracer.ops.families.reductions import Reduction, count_where, in_dtype_of, number_of, only, reduction_call
from tracer.ops.indices import Index
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms


class Var(Reduction):
    """Variance over axes: the sum of squared deviations from the mean, divided by count - ddof.

    Of complex numbers, the deviations are distances, and the derivative is their conjugate.
    """

    implements = np.var
    formula = "var({x}{options})"
    accepts_complex = True

    @staticmethod
    def call(
        a: Array,
        axis: Any = None,
        dtype: Any = None,
        *,
        ddof: Any = 0,
        keepdims: Any = False,
        where: Array = None,
        correction: Any = None,
    ) -> Call:
        if dtype is not None and np.iscomplexobj(a) and np.dtype(dtype).kind != "c":
            raise RecordingError("a variance of complex numbers is recorded without a real dtype=: leave dtype out")
        freedom = number_of("ddof", ddof if correction is None else correction)
        inputs, parameters = reduction_call(a, axis, keepdims, where, dtype=dtype)
        return inputs, {"axis": parameters.pop("axis"), "ddof": freedom, **parameters}

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, ddof: float, keepdims: bool, **options: Any) -> Array:
        return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims, where=where, **options)

    @staticmethod
    def complex_value(x: Array, where: Array = True, *, axis: Axes, ddof: float, keepdims: bool, **options: Any) -> Array:
        deviation = np.where(where, x - np.mean(x, axis=axis, keepdims=True, where=where), 0)
        freedom = np.sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=keepdims) - ddof
        spread = np.sum(deviation * deviation, axis=axis, keepdims=keepdims) / freedom
        real = np.var(np.real(x), axis=axis, ddof=ddof, keepdims=keepdims, where=where)
        return complex_of(real, np.imag(spread))

    @staticmethod
    def gradient_x(
        g: Array, out: Array, x: Array, where: Array = True, *, axis: Axes, ddof: float, keepdims: bool, dtype: str = ""
    ) -> Array:
        if dtype and dtype != x.dtype:
            return in_dtype_of(x, Var.gradient_x(g, out, np.astype(x, dtype), where, axis=axis, ddof=ddof, keepdims=keepdims))
        if where is True:
            deviation = _conjugate(x - np.mean(x, axis=axis, keepdims=True))
            freedom = count_of(x, axis) - ddof
            return with_reduced_axes(g, x, axis, keepdims) * (deviation * (2 / freedom if freedom else np.nan))
        deviation = _conjugate(x - np.mean(x, axis=axis, keepdims=True, where=where))
        twice = 2 * with_reduced_axes(g, x, axis, keepdims) / (count_where(where, x, axis, g.dtype) - ddof)
        return twice * only(where, deviation)

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
    def value(x: Array, where: Array = True, *, axis: Axes, ddof: float, keepdims: bool, **options: Any) -> Array:
        return np.std(x, axis=axis, ddof=ddof, keepdims=keepdims, where=where, **options)

    @staticmethod
    def complex_value(x: Array, where: Array = True, *, axis: Axes, ddof: float, keepdims: bool, **options: Any) -> Array:
        variance = Var.complex_value(x, where, axis=axis, ddof=ddof, keepdims=keepdims)
        is_zero = np.real(variance) == 0
        root = np.where(is_zero, 0, np.sqrt(np.where(is_zero, 1, variance)))
        return complex_of(np.std(np.real(x), axis=axis, ddof=ddof, keepdims=keepdims, where=where), np.imag(root))

    @staticmethod
    def gradient_x(
        g: Array, out: Array, x: Array, where: Array = True, *, axis: Axes, ddof: float, keepdims: bool, dtype: str = ""
    ) -> Array:
        if dtype and dtype != x.dtype:
            return in_dtype_of(x, Std.gradient_x(g, out, np.astype(x, dtype), where, axis=axis, ddof=ddof, keepdims=keepdims))
        deviation = only(where, _conjugate(x - np.mean(x, axis=axis, keepdims=True, where=where)))
        spread = with_reduced_axes(out, x, axis, keepdims)
        freedom = (count_of(x, axis) if where is True else count_where(where, x, axis, g.dtype)) - ddof
        share = deviation / (np.where(np.equal(spread, 0), 1, spread) * freedom)
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
