"""Maximum, minimum and range over axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.axes import Axes, with_reduced_axes
from tracer.ops.base import Array, Call
from tracer.ops.complex_numbers import complex_of
from tracer.ops.families.reductions import Reduction, reduction_call
from tracer.ops.terms import Terms


class Max(Reduction):
    """Maximum over axes. Ties share the gradient equally, and so does `initial` with them, whose share goes nowhere."""

    implements = np.max, np.amax
    formula = "max({x}{options})"

    @staticmethod
    def call(a: Array, axis: Any = None, *, keepdims: Any = False, initial: Any = None, where: Array = None) -> Call:
        return reduction_call(a, axis, keepdims, where, initial=initial)

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        if options or where is not True:
            return np.max(x, axis=axis, keepdims=keepdims, where=where, **options)
        return np.max(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def complex_value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        largest = np.max(np.real(x), axis=axis, keepdims=True, where=where, **options)
        return _mean_of_ties(x, np.logical_and(np.real(x) == largest, where), largest, axis, keepdims, **options)

    @staticmethod
    def gradient_x(
        g: Array, out: Array, x: Array, where: Array = True, *, axis: Axes, keepdims: bool, initial: float | None = None
    ) -> Array:
        chosen = np.equal(x, with_reduced_axes(out, x, axis, keepdims))
        if where is not True:
            chosen = np.logical_and(chosen, where)
        ties = np.sum(chosen, axis=axis, keepdims=True)
        if initial is not None:
            ties = ties + np.equal(with_reduced_axes(out, x, axis, keepdims), initial)
        # Cast the integer count to the dtype of g: int64 would promote float32 to float64.
        return np.where(chosen, with_reduced_axes(g, x, axis, keepdims) / np.astype(ties, g.dtype), 0)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        x, *where = inputs
        axis = parameters["axis"]
        extreme = cls.value(*inputs, **{**parameters, "keepdims": True})
        chosen = np.logical_and(np.equal(x, extreme), *where or (True,))
        ties = np.sum(chosen, axis=axis, keepdims=True)
        if "initial" in parameters:
            ties = ties + (extreme == parameters["initial"])
        return np.where(chosen, np.where(ties > 1, 0, 1), -1)

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return parts[0]

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return None if "initial" in parameters else terms[0].in_call(cls.name)


class Min(Max):
    """Minimum over axes. Ties share the gradient equally, as those of `Max`."""

    implements = np.min, np.amin
    formula = "min({x}{options})"

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        if options or where is not True:
            return np.min(x, axis=axis, keepdims=keepdims, where=where, **options)
        return np.min(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def complex_value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        smallest = np.min(np.real(x), axis=axis, keepdims=True, where=where, **options)
        return _mean_of_ties(x, np.logical_and(np.real(x) == smallest, where), smallest, axis, keepdims, **options)

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(np.negative(parts[0]))


class Ptp(Reduction):
    """The range over axes: maximum minus minimum. Ties share the gradient of each equally."""

    implements = np.ptp
    formula = "ptp({x}{options})"

    @staticmethod
    def call(a: Array, axis: Any = None, *, keepdims: Any = False) -> Call:
        return reduction_call(a, axis, keepdims, None)

    @staticmethod
    def value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        return np.ptp(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def complex_value(x: Array, *, axis: Axes, keepdims: bool) -> Array:
        return Max.complex_value(x, axis=axis, keepdims=keepdims) - Min.complex_value(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: Axes, keepdims: bool) -> Array:
        upper = Max.gradient_x(g, np.max(x, axis=axis, keepdims=keepdims), x, axis=axis, keepdims=keepdims)
        return upper - Max.gradient_x(g, np.min(x, axis=axis, keepdims=keepdims), x, axis=axis, keepdims=keepdims)

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        sides = Max.kink_sides(inputs, parameters), Min.kink_sides(inputs, parameters)
        return np.stack([side for side in sides if side is not None])

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(np.abs(parts[0] - np.mean(parts[0])))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].in_call(cls.name)


def _mean_of_ties(
    x: Array, chosen: Array, extreme: Array, axis: Axes, keepdims: bool, initial: float | None = None
) -> np.ndarray:
    """The complex number with the real part `extreme`, and the mean imaginary part of the chosen elements, which all have it."""
    imaginary = np.sum(np.where(chosen, np.imag(x), 0), axis=axis, keepdims=True)
    count = np.sum(chosen, axis=axis, keepdims=True)
    if initial is not None:
        count = count + (extreme == initial)
    found = complex_of(extreme, imaginary / count)
    return found if keepdims else np.squeeze(found, axis=axis)
