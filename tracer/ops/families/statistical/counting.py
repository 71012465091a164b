"""Whether all or any elements are nonzero, how many are, and where the extremes are. They have no gradients."""

from __future__ import annotations

import operator
import typing
from collections.abc import Mapping, Sequence

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.axes import Axes, axes_from_start
from tracer.ops.base import Array, Call, Op
from tracer.ops.domain import REAL
from tracer.ops.families.reductions import Reduction, reduction_call
from tracer.ops.families.statistical.extremes import Max, Min
from tracer.ops.indices import Index
from tracer.ops.terms import Terms


class All(Reduction):
    """True where all elements over axes are nonzero. It has no gradient."""

    implements = np.all
    formula = "all({x}{options})"

    @staticmethod
    def call(a: Array, axis: typing.Any = None, *, keepdims: typing.Any = False, where: Array = None) -> Call:
        return reduction_call(a, axis, keepdims, where)

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool) -> Array:
        return np.all(x, axis=axis, keepdims=keepdims, where=where)


class Any(Reduction):
    """True where any element over axes is nonzero. It has no gradient."""

    implements = np.any
    formula = "any({x}{options})"

    @staticmethod
    def call(a: Array, axis: typing.Any = None, *, keepdims: typing.Any = False, where: Array = None) -> Call:
        return reduction_call(a, axis, keepdims, where)

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool) -> Array:
        return np.any(x, axis=axis, keepdims=keepdims, where=where)


class CountNonzero(Reduction):
    """The number of elements over axes that are not 0. It has no gradient."""

    implements = np.count_nonzero
    formula = "count_nonzero({x}{options})"

    @staticmethod
    def call(a: Array, axis: typing.Any = None, *, keepdims: typing.Any = False) -> Call:
        return reduction_call(a, axis, keepdims, None)

    @staticmethod
    def value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        return np.count_nonzero(x, axis=axis, keepdims=keepdims)


class Argmax(Op):
    """Index of the first maximum, over all elements or along one axis. It has no gradient."""

    implements = np.argmax
    formula = "argmax({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, axis: int | None = None, *, keepdims: bool = False) -> Call:
        return (a,), {"axis": axis if axis is None else operator.index(axis), "keepdims": bool(keepdims)}

    @staticmethod
    def value(x: Array, *, axis: int | None, keepdims: bool) -> Array:
        return np.argmax(x, axis=axis, keepdims=keepdims)

    @classmethod
    def parts(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, typing.Any]
    ) -> tuple[Index | None, ...] | None:
        axis = axes_from_start(parameters["axis"], np.ndim(inputs[0]))
        return Reduction.parts(index, inputs, {**parameters, "axis": axis})

    importance = Max.importance

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, typing.Any]) -> Expression | None:
        return terms[0].in_call(cls.name)


class Argmin(Argmax):
    """Index of the first minimum, over all elements or along one axis. It has no gradient."""

    implements = np.argmin
    formula = "argmin({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: int | None, keepdims: bool) -> Array:
        return np.argmin(x, axis=axis, keepdims=keepdims)

    importance = Min.importance


class Nanargmax(Argmax):
    """Index of the first maximum among the elements that are not NaN. It has no gradient."""

    implements = np.nanargmax
    formula = "nanargmax({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: int | None, keepdims: bool) -> Array:
        return np.nanargmax(x, axis=axis, keepdims=keepdims)


class Nanargmin(Argmin):
    """Index of the first minimum among the elements that are not NaN. It has no gradient."""

    implements = np.nanargmin
    formula = "nanargmin({x}{options})"

    @staticmethod
    def value(x: Array, *, axis: int | None, keepdims: bool) -> Array:
        return np.nanargmin(x, axis=axis, keepdims=keepdims)
