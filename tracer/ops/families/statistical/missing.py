"""Reductions that leave NaN out. Their derivative is that of the same reduction of the other elements; NaN gets none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.axes import Axes
from tracer.ops.base import Array
from tracer.ops.families.reductions import Mean, Prod, Reduction, Sum
from tracer.ops.families.statistical.extremes import Max, Min
from tracer.ops.families.statistical.scans import Cumprod, Cumsum, Scan
from tracer.ops.families.statistical.spread import Std, Var
from tracer.ops.indices import Index
from tracer.ops.terms import Terms


class LeavingOut(Reduction):
    """Base of reductions of the elements that are not NaN: `ordinary` reduces all."""

    ordinary: type[Reduction]
    squares_terms = False  # where NaN is squared, an element is left out

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        x = inputs[0]
        extra = {"initial": -np.inf if cls.ordinary is Max else np.inf} if issubclass(cls.ordinary, Max) else {}
        return cls.ordinary.kink_sides([x, present(*inputs)], {**extra, **parameters})

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        return cls.ordinary.rounding(index, [inputs[0], present(*inputs)], parameters, unit)

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return cls.ordinary.importance(parts[:1])

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].in_call(cls.name) if terms[0].count else None


def present(x: Array, where: Array = True) -> Array:
    """True where an element is no NaN, and `where` holds."""
    is_number = np.logical_not(np.isnan(x))
    return is_number if where is True else np.logical_and(is_number, where)


def _zero_for_nan(x: Array) -> Array:
    return np.where(np.isnan(x), 0, x)


class Nansum(LeavingOut):
    """Sum over axes of the elements that are not NaN."""

    ordinary = Sum
    implements = np.nansum
    formula = "nansum({x}{options})"
    analytic = True
    call = Sum.call

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        return np.nansum(x, axis=axis, keepdims=keepdims, where=where, **options)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, where: Array = True, **parameters: Any) -> Array:
        return Sum.gradient_x(g, out, x, present(x, where), **parameters)


class Nanprod(LeavingOut):
    """Product over axes of the elements that are not NaN."""

    ordinary = Prod
    implements = np.nanprod
    formula = "nanprod({x}{options})"
    analytic = True
    call = Prod.call

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        return np.nanprod(x, axis=axis, keepdims=keepdims, where=where, **options)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, where: Array = True, **parameters: Any) -> Array:
        return Prod.gradient_x(g, out, x, present(x, where), **parameters)


class Nanmean(LeavingOut):
    """Arithmetic mean over axes of the elements that are not NaN."""

    ordinary = Mean
    implements = np.nanmean
    formula = "nanmean({x}{options})"
    analytic = True
    call = Mean.call

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        return np.nanmean(x, axis=axis, keepdims=keepdims, where=where, **options)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, where: Array = True, **parameters: Any) -> Array:
        return Mean.gradient_x(g, out, x, present(x, where), **parameters)


class Nanmax(LeavingOut):
    """Maximum over axes of the elements that are not NaN. Ties share the gradient equally."""

    ordinary: type[Reduction] = Max
    implements = np.nanmax
    formula = "nanmax({x}{options})"
    call = Max.call
    gradient_x = staticmethod(Max.gradient_x)  # NaN is not equal to the maximum

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        return np.nanmax(x, axis=axis, keepdims=keepdims, where=where, **options)

    @staticmethod
    def complex_value(x: Array, where: Array = True, *, initial: float = -np.inf, **parameters: Any) -> Array:
        return Max.complex_value(_zero_for_nan(x), present(x, where), initial=initial, **parameters)


class Nanmin(LeavingOut):
    """Minimum over axes of the elements that are not NaN. Ties share the gradient equally."""

    ordinary = Min
    implements = np.nanmin
    formula = "nanmin({x}{options})"
    call = Min.call
    gradient_x = staticmethod(Min.gradient_x)

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        return np.nanmin(x, axis=axis, keepdims=keepdims, where=where, **options)

    @staticmethod
    def complex_value(x: Array, where: Array = True, *, initial: float = np.inf, **parameters: Any) -> Array:
        return Min.complex_value(_zero_for_nan(x), present(x, where), initial=initial, **parameters)


class Nanvar(LeavingOut):
    """Variance over axes of the elements that are not NaN."""

    ordinary: type[Reduction] = Var
    implements = np.nanvar
    formula = "nanvar({x}{options})"
    call = Var.call

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, ddof: float, keepdims: bool, **options: Any) -> Array:
        return np.nanvar(x, axis=axis, ddof=ddof, keepdims=keepdims, where=where, **options)

    @staticmethod
    def complex_value(x: Array, where: Array = True, **parameters: Any) -> Array:
        return Var.complex_value(x, present(x, where), **parameters)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, where: Array = True, **parameters: Any) -> Array:
        return Var.gradient_x(g, out, x, present(x, where), **parameters)


class Nanstd(LeavingOut):
    """Standard deviation over axes of the elements that are not NaN. Where it is 0, its derivative is defined as 0."""

    ordinary = Std
    implements = np.nanstd
    formula = "nanstd({x}{options})"
    call = Std.call

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, ddof: float, keepdims: bool, **options: Any) -> Array:
        return np.nanstd(x, axis=axis, ddof=ddof, keepdims=keepdims, where=where, **options)

    @staticmethod
    def complex_value(x: Array, where: Array = True, **parameters: Any) -> Array:
        return Std.complex_value(x, present(x, where), **parameters)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, where: Array = True, **parameters: Any) -> Array:
        return Std.gradient_x(g, out, x, present(x, where), **parameters)


class Nancumsum(Scan):
    """Running sum along an axis, with NaN taken as 0."""

    implements = np.nancumsum
    formula = "nancumsum({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: int | None, **options: Any) -> Array:
        return np.nancumsum(x, axis=axis, **options)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: int | None, dtype: str = "") -> Array:
        return np.where(np.isnan(x), 0, Cumsum.gradient_x(g, out, x, axis=axis))


class Nancumprod(Scan):
    """Running product along an axis, with NaN taken as 1."""

    implements = np.nancumprod
    formula = "nancumprod({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: int | None, **options: Any) -> Array:
        return np.nancumprod(x, axis=axis, **options)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: int | None, dtype: str = "") -> Array:
        is_missing = np.isnan(x)
        return np.where(is_missing, 0, Cumprod.gradient_x(g, out, np.where(is_missing, 1, x), axis=axis, dtype=dtype))
