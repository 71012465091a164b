"""Reductions over one, several or all axes: sum, mean and product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.graph.expression import Expression, Number, infix
from tracer.ops.axes import Axes, axes_from_start, count_of, with_reduced_axes
from tracer.ops.base import Array, Call, Op
from tracer.ops.domain import REAL
from tracer.ops.families.shaping import Astype
from tracer.ops.indices import NO_ELEMENT, Index, Shape, unraveled
from tracer.ops.registration import NUMERIC_KINDS
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms


def reduction_call(a: Array, axis: Any, keepdims: Any, where: Array = None, dtype: Any = None, initial: Any = None) -> Call:
    """The inputs and parameters of a reduction. `where` is an input if it is given; `dtype` and `initial` are parameters."""
    rank = a.ndim if hasattr(a, "ndim") else np.ndim(a)
    if not rank and axis in (0, -1):
        axis = None  # NumPy accepts the axes 0 and -1 for 0-d arrays
    parameters: dict[str, Any] = {"axis": axes_from_start(axis, rank), "keepdims": bool(keepdims)}
    if dtype is not None:
        parameters["dtype"] = dtype_name(dtype)
    if initial is not None:
        parameters["initial"] = number_of("initial", initial)
    is_whole = where is None or (isinstance(where, (bool, np.bool_)) and bool(where))
    return ((a,) if is_whole else (a, where)), parameters


def dtype_name(dtype: Any) -> str:
    """The name of a dtype of numbers; raises RecordingError for another."""
    target = np.dtype(dtype).newbyteorder("=")
    if target.kind not in NUMERIC_KINDS:
        raise RecordingError(f"a Tensor holds numbers: it cannot become {target}; use .value for the plain array")
    return str(target)


def number_of(name: str, given: Any) -> bool | int | float:
    """A number that is an argument and no input, as a Python number; raises RecordingError for anything else."""
    number = given.item() if isinstance(given, (np.ndarray, np.generic)) and np.size(given) == 1 else given
    if not isinstance(number, (bool, int, float)):
        raise RecordingError(
            f"{name}= takes a plain number, no {type(given).__name__}: apply it to the result, as in np.sum(x) + y"
        )
    return number


def _numbered(x: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The flat indices of the elements, and those of the elements of the mask, in the shape of x."""
    numbers = (np.arange(np.size(each)).reshape(np.shape(each)) for each in (x, where))
    own, mask = numbers
    return own, np.broadcast_to(mask, np.shape(x))


class Reduction(Op):
    """Base of operations that reduce axes. `axis` is None for all axes, or a tuple of non-negative axes.

    The optional second input `where` says which elements are reduced; it broadcasts to the shape of the first.
    """

    domain = (REAL,)

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        assert cls.complex_value is not None
        many = inputs[0]
        axis = parameters["axis"]
        behind_first = tuple(range(1, many.ndim)) if axis is None else tuple(one + 1 for one in axis)
        given = {name: option for name, option in parameters.items() if name != "dtype"}  # of a real array
        return np.imag(cls.complex_value(many, *inputs[1:], **{**given, "axis": behind_first}))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        x, *where = inputs
        rank = np.ndim(x)
        reduced = range(rank) if parameters["axis"] is None else parameters["axis"]
        kept = iter(() if parameters["keepdims"] else index)
        part = tuple(
            slice(None) if axis in reduced else index[axis] if parameters["keepdims"] else next(kept) for axis in range(rank)
        )
        if not where:
            return (part,)
        taken, chosen = (each[part].ravel() for each in _numbered(x, where[0]))
        picked = taken[np.broadcast_to(where[0], np.shape(x))[part].ravel()]
        return (unraveled(picked, np.shape(x)) if picked.size else None), unraveled(chosen, np.shape(where[0]))

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int] | None:
        return range(1, count)  # `where`

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        x, *where = inputs
        found = super().origins(shape, [x], parameters)
        if not where or found is None:
            return found
        (rows,) = found
        chosen = _numbered(x, where[0])[1].ravel()[rows]
        is_taken = np.ravel(where[0])[chosen]
        order = np.argsort(~is_taken, axis=1, kind="stable")
        return [np.take_along_axis(np.where(is_taken, rows, NO_ELEMENT), order, axis=1), chosen]

    @classmethod
    def reduced(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> np.ndarray:
        """The elements that the output element at `index` is reduced from."""
        part, *_ = Reduction.parts(index, inputs, parameters) or ((),)
        return np.asarray(inputs[0][part] if part is not None else ())

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        written = super().template(count, parameters)
        return f"{written[:-1]}, where={{1}})" if count > 1 else written


class Sum(Reduction):
    """Sum over axes."""

    implements = np.sum
    formula = "sum({x}{options})"
    analytic = True
    squares_terms = True

    @staticmethod
    def call(
        a: Array, axis: Any = None, dtype: Any = None, *, keepdims: Any = False, initial: Any = None, where: Array = None
    ) -> Call:
        return reduction_call(a, axis, keepdims, where, dtype, initial)

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        if options or where is not True:
            return np.sum(x, axis=axis, keepdims=keepdims, where=where, **options)
        if type(x) is np.ndarray:
            add: Any = np.add
            return add.reduce(x, axis=axis, keepdims=keepdims)  # equal to np.sum for an array, with less overhead
        return np.sum(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        g = in_dtype_of(x, g)
        return only(where, np.broadcast_to(with_reduced_axes(g, x, axis, keepdims), x.shape))

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        return rounding_of_sum(cls.reduced(index, inputs, parameters), unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        if parameters.get("initial"):
            return None
        return terms[0].joined("+")


class Mean(Reduction):
    """Arithmetic mean over axes."""

    implements = np.mean
    formula = "mean({x}{options})"
    analytic = True
    squares_terms = True

    @staticmethod
    def call(a: Array, axis: Any = None, dtype: Any = None, *, keepdims: Any = False, where: Array = None) -> Call:
        return reduction_call(a, axis, keepdims, where, dtype)

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        if options or where is not True:
            return np.mean(x, axis=axis, keepdims=keepdims, where=where, **options)
        if type(x) is np.ndarray and x.dtype.char in "fd" and x.size:
            # Equal to np.mean for these, bit for bit, with less overhead.
            return Sum.value(x, axis=axis, keepdims=keepdims) / count_of(x, axis)
        return np.mean(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        g = in_dtype_of(x, g)
        if where is True:
            return np.broadcast_to(with_reduced_axes(g / count_of(x, axis), x, axis, keepdims), x.shape)
        share = with_reduced_axes(g, x, axis, keepdims) / count_where(where, x, axis, g.dtype)
        return only(where, np.broadcast_to(share, x.shape))

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        return rounding_of_sum(cls.reduced(index, inputs, parameters), unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        total = terms[0].joined("+")
        return total and infix(("/",), (total, Number(str(terms[0].count))))


class Prod(Reduction):
    """Product over axes. The derivative with respect to a factor is the product of the others, even if factors are 0."""

    implements = np.prod
    formula = "prod({x}{options})"
    analytic = True

    call = Sum.call

    @staticmethod
    def value(x: Array, where: Array = True, *, axis: Axes, keepdims: bool, **options: Any) -> Array:
        return np.prod(x, axis=axis, keepdims=keepdims, where=where, **options)

    @staticmethod
    def gradient_x(
        g: Array, out: Array, x: Array, where: Array = True, *, axis: Axes, keepdims: bool, initial: float = 1, dtype: str = ""
    ) -> Array:
        given = x
        if dtype and dtype != x.dtype:
            x = np.astype(x, dtype)
        if where is not True:
            x = np.where(where, x, 1)
        axes = tuple(range(x.ndim)) if axis is None else axis
        kept = tuple(other for other in range(x.ndim) if other not in axes)
        order, count = kept + axes, count_of(x, axes)
        # Dividing the product by a factor fails at 0. Instead, multiply a row of all factors with this one replaced by 1.
        rows = np.reshape(np.transpose(x, order), (*(x.shape[other] for other in kept), 1, count))
        others = np.prod(np.where(np.eye(count, dtype=bool), 1, rows), axis=-1)
        in_order = np.reshape(others, tuple(x.shape[other] for other in order))
        derivative = np.transpose(in_order, tuple(order.index(other) for other in range(x.ndim)))
        factor = with_reduced_axes(g, x, axis, keepdims) if initial == 1 else with_reduced_axes(g * initial, x, axis, keepdims)
        return in_dtype_of(given, only(where, factor * derivative))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return None if "initial" in parameters else terms[0].joined("*")


def in_dtype_of(x: Array, gradient: Array) -> Array:
    """The gradient in the dtype of the input, where the result had the dtype that was asked for."""
    return Astype.gradient_x(gradient, None, x, dtype="")


def only(where: Array, gradient: Array) -> Array:
    """The gradient of the elements that were reduced, 0 for the others."""
    return gradient if where is True else np.where(where, gradient, 0)


def count_where(where: Array, x: Array, axis: Axes, dtype: Any) -> Array:
    """How many elements of `x` are reduced to each result, with the reduced axes of size 1."""
    return np.astype(np.sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=True), dtype)
