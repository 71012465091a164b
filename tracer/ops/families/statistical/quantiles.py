"""Median, quantiles and percentiles.

A quantile is a combination of two neighbours in the sorted order, with weights that the method determines. The gradient goes to
these two elements, with their weights. Of equal elements the first counts as the smaller, as in a stable sort: the convention of
`jax.numpy.quantile` and `torch.quantile`, which sort and then select. The median of an even number of elements gives one half
to each of the two in the middle; `torch.median` takes the lower of the two instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.errors import RecordingError
from tracer.graph.expression import Expression
from tracer.ops.axes import Axes
from tracer.ops.base import Array, Call, Op
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import REAL
from tracer.ops.families.reductions import Reduction, reduction_call
from tracer.ops.indices import Index, Shape
from tracer.ops.terms import Terms


class QuantileWeights(Op):
    """The weight of every element in each quantile [*shape of q, *shape of x], without a gradient: the rule of a quantile."""

    formula = "quantile_weights({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, **parameters: Any) -> Call:
        return (x,), parameters

    @staticmethod
    def value(x: Array, *, of: str, axis: Axes, **options: Any) -> Array:
        op = _QUANTILES[of]
        axes = tuple(range(x.ndim)) if axis is None else tuple(axis)
        kept = tuple(one for one in range(x.ndim) if one not in axes)
        order, count = kept + axes, math.prod(x.shape[one] for one in axes)
        rows = np.transpose(x, order).reshape(-1, count)
        ranks = np.argsort(np.argsort(rows, axis=1, kind="stable"), axis=1, kind="stable")  # NaN is last
        sizes = count - np.sum(np.isnan(rows), axis=1) if op.leaves_nan_out else np.full(len(rows), count)
        # The quantile of 0, 1, 2, ... is the position in the sorted order, with its fraction.
        positions = {
            size: np.asarray(op.of_rows(np.arange(max(size, 1), dtype=x.dtype), **options), np.float64)
            for size in set(sizes.tolist())
        }
        found = np.zeros((*q_shape(options), *rows.shape), dtype=x.dtype)
        for size, position in positions.items():
            below = np.floor(position)[..., None, None]
            share = position[..., None, None] - below
            chosen = ranks[sizes == size]
            found[..., sizes == size, :] = np.where(chosen == below, 1 - share, np.where(chosen == below + 1, share, 0))
        in_order = found.reshape(*q_shape(options), *(x.shape[one] for one in order))
        leading = tuple(range(len(q_shape(options))))
        return np.transpose(in_order, (*leading, *(len(leading) + order.index(one) for one in range(x.ndim))))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        own = index[len(q_shape(parameters)) :]
        axis = range(len(own)) if parameters["axis"] is None else parameters["axis"]
        return (tuple(slice(None) if one in axis else each for one, each in enumerate(own)),)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return result == (*q_shape(parameters), *shapes[0])


def q_shape(parameters: Mapping[str, Any]) -> Shape:
    """The shape of q, whose axes come first in the result."""
    return np.shape(parameters["q"]) if "q" in parameters else ()


def quantile_call(
    a: Array, q: Any, axis: Any = None, *, method: Any = "linear", keepdims: Any = False, weights: Any = None
) -> Call:
    """The input and parameters of a quantile. q is plain numbers: where it lies has no gradient."""
    if weights is not None:
        raise RecordingError("quantiles are recorded without weights=, which NumPy takes for one method only: leave it out")
    if hasattr(q, "recorder"):
        raise RecordingError("a quantile has no gradient with respect to q: give q as plain numbers, as in q.value")
    numbers = np.asarray(q)
    plain: dict[str, Any] = {"q": numbers.tolist()}
    if numbers.dtype.kind == "f" and numbers.dtype != np.float64:
        plain["q_dtype"] = str(numbers.dtype)
    inputs, parameters = reduction_call(a, axis, keepdims, None)
    return inputs, {**plain, **parameters, "method": str(method)}


def nanquantile_call(a: Array, q: Any, axis: Any = None, **options: Any) -> Call:
    """As `quantile_call`. NumPy puts the axes of a two-dimensional q elsewhere over several axes; that is refused."""
    if np.ndim(q) > 1 and np.size(axis) > 1:
        raise RecordingError("over several axes NumPy mixes up the axes of a q of two dimensions here: give q as a flat list")
    return quantile_call(a, q, axis, **options)


def median_call(a: Array, axis: Any = None, *, keepdims: Any = False) -> Call:
    """The input and parameters of a median."""
    return reduction_call(a, axis, keepdims, None)


class OrderStatistic(Reduction):
    """Base of quantiles: `function` computes them, of the elements that are not NaN if `leaves_nan_out`."""

    function: ClassVar[Callable[..., Any]]
    leaves_nan_out: ClassVar[bool] = False
    between_slopes = False  # of three equal elements, none moves the median alone

    @classmethod
    def complex_of_rows(cls, x: Array, parameters: Mapping[str, Any]) -> np.ndarray:
        """The quantiles of the real parts, with the weighted imaginary parts of the same elements."""
        imaginary = cls.imaginary_parts([np.asarray(x)[np.newaxis]], [True], parameters)[0]
        return complex_of(cls.value(np.real(x), **parameters), imaginary)

    @classmethod
    def of_rows(cls, x: Array, *, q: Any = None, q_dtype: str = "", **options: Any) -> Array:
        """The quantiles by the NumPy function."""
        if isinstance(options.get("axis"), list):
            options["axis"] = tuple(options["axis"])
        if q is not None:
            options["q"] = np.asarray(q, q_dtype) if q_dtype else q
        return cls.function(x, **options)

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        (x,) = inputs
        given = {name: option for name, option in parameters.items() if name != "keepdims"}
        weights = g.recorder.record(QuantileWeights, (x,), {"of": cls.name, **given})
        leading = q_shape(parameters)
        axis = parameters["axis"]
        sizes = [1 if axis is None or one in axis else size for one, size in enumerate(x.shape)]
        products = np.reshape(g, (*leading, *sizes)) * weights
        return np.sum(products, axis=tuple(range(len(leading)))) if leading else products

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        (many,) = inputs
        weights = cls.weights(np.real(many[0]), parameters)
        leading = q_shape(parameters)
        axis = range(many.ndim - 1) if parameters["axis"] is None else parameters["axis"]
        reduced = tuple(len(leading) + one for one in axis)
        present = np.where(weights == 0, 0, weights * np.imag(many).reshape(len(many), *(1,) * len(leading), *many.shape[1:]))
        return np.asarray(np.sum(present, axis=tuple(one + 1 for one in reduced), keepdims=parameters["keepdims"]))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        x, axis = inputs[0], parameters["axis"]
        weights = cls.weights(x, parameters)
        leading = weights.ndim - x.ndim
        axes = tuple(range(x.ndim)) if axis is None else tuple(axis)
        kept = tuple(one for one in range(x.ndim) if one not in axes)
        rows = np.transpose(x, kept + axes).reshape(*(x.shape[one] for one in kept), -1)
        behind = tuple(leading + one for one in kept + axes)
        shares = np.transpose(weights, (*range(leading), *behind)).reshape(*weights.shape[:leading], *rows.shape)
        order = np.broadcast_to(np.argsort(rows, axis=-1, kind="stable"), shares.shape)
        ordered = np.take_along_axis(np.broadcast_to(rows, shares.shape), order, -1)
        shares = np.take_along_axis(shares, order, -1)
        # The function is linear while the weights stay: at a kink, one of two equal neighbours has another weight.
        ties = np.logical_and(np.diff(ordered, axis=-1) == 0, np.diff(shares, axis=-1) != 0)
        return np.concatenate([np.where(ties, 0, 1).ravel(), np.ravel(weights) + 2])

    @classmethod
    def weights(cls, x: Array, parameters: Mapping[str, Any]) -> np.ndarray:
        """The weight of every element in each quantile."""
        given = {name: option for name, option in parameters.items() if name != "keepdims"}
        return np.asarray(QuantileWeights.value(x, of=cls.name, **given))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return result[: len(q_shape(parameters))] == q_shape(parameters)

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int] | None:
        return None  # which numbers are chosen depends on their order

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return super().parts(index[len(q_shape(parameters)) :], inputs, parameters)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].in_call(cls.name)


class Quantile(OrderStatistic):
    """The q-th quantiles over axes, by one of NumPy's methods."""

    implements = np.quantile
    formula = "quantile({x}{options})"
    function = np.quantile
    call = staticmethod(quantile_call)

    @staticmethod
    def value(x: Array, *, q: Any, **options: Any) -> Array:
        return Quantile.of_rows(x, q=q, **options)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return Quantile.complex_of_rows(x, parameters)


class Percentile(OrderStatistic):
    """The q-th percentiles over axes, by one of NumPy's methods."""

    implements = np.percentile
    formula = "percentile({x}{options})"
    function = np.percentile
    call = staticmethod(quantile_call)

    @staticmethod
    def value(x: Array, *, q: Any, **options: Any) -> Array:
        return Percentile.of_rows(x, q=q, **options)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return Percentile.complex_of_rows(x, parameters)


class Nanquantile(OrderStatistic):
    """The q-th quantiles over axes of the elements that are not NaN."""

    implements = np.nanquantile
    formula = "nanquantile({x}{options})"
    function = np.nanquantile
    call = staticmethod(nanquantile_call)
    leaves_nan_out = True

    @staticmethod
    def value(x: Array, *, q: Any, **options: Any) -> Array:
        return Nanquantile.of_rows(x, q=q, **options)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return Nanquantile.complex_of_rows(x, parameters)


class Nanpercentile(OrderStatistic):
    """The q-th percentiles over axes of the elements that are not NaN."""

    implements = np.nanpercentile
    formula = "nanpercentile({x}{options})"
    function = np.nanpercentile
    call = staticmethod(nanquantile_call)
    leaves_nan_out = True

    @staticmethod
    def value(x: Array, *, q: Any, **options: Any) -> Array:
        return Nanpercentile.of_rows(x, q=q, **options)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return Nanpercentile.complex_of_rows(x, parameters)


class Median(OrderStatistic):
    """The median over axes; of an even number of elements the mean of the two in the middle."""

    implements = np.median
    formula = "median({x}{options})"
    function = np.median
    call = staticmethod(median_call)

    @staticmethod
    def value(x: Array, **options: Any) -> Array:
        return Median.of_rows(x, **options)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return Median.complex_of_rows(x, parameters)


class Nanmedian(OrderStatistic):
    """The median over axes of the elements that are not NaN."""

    implements = np.nanmedian
    formula = "nanmedian({x}{options})"
    function = np.nanmedian
    call = staticmethod(median_call)
    leaves_nan_out = True

    @staticmethod
    def value(x: Array, **options: Any) -> Array:
        return Nanmedian.of_rows(x, **options)

    @staticmethod
    def complex_value(x: Array, **parameters: Any) -> Array:
        return Nanmedian.complex_of_rows(x, parameters)


_QUANTILES: dict[str, type[OrderStatistic]] = {
    op.name: op for op in (Quantile, Percentile, Nanquantile, Nanpercentile, Median, Nanmedian)
}
