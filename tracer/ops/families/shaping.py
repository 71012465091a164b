"""Operations that change the shape or dtype of an array, without arithmetic."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array, Call
from tracer.ops.data_movement import DataMovement
from tracer.ops.domain import REAL
from tracer.ops.indices import Shape
from tracer.ops.registration import NUMERIC_KINDS


class Reshape(DataMovement):
    """The same elements in another shape, in C order or that of `order`; one size may be -1."""

    implements = np.reshape
    formula = "reshape({x}, {shape})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Call:
        if copy is False:
            np.reshape(a.value, shape, order, copy=False)  # type: ignore[call-overload]
        return (a,), {"shape": _as_tuple(shape), **in_order(a, order)}

    @staticmethod
    def value(x: Array, *, shape: tuple[int, ...], order: Any = "C") -> Array:
        return np.reshape(x, shape, order)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, shape: tuple[int, ...], order: Any = "C") -> Array:
        return np.reshape(g, x.shape, order)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        order = f", order={parameters['order']!r}" if "order" in parameters else ""
        return f"reshape({{0}}, {tuple(parameters['shape'])}{order})"


class Ravel(DataMovement):
    """Flattening to one axis, in C order or that of `order`."""

    implements = np.ravel
    formula = "ravel({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, order: str = "C") -> Call:
        return (a,), in_order(a, order)

    @staticmethod
    def value(x: Array, *, order: Any = "C") -> Array:
        return np.ravel(x, order)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, order: Any = "C") -> Array:
        return np.reshape(g, x.shape, order)


class Transpose(DataMovement):
    """Permutation of the axes; without `axes`, their reversal."""

    implements = np.transpose, np.permute_dims
    formula = "transpose({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, axes: Any = None) -> Call:
        return (a,), {"axes": None if axes is None else tuple(operator.index(axis) % np.ndim(a) for axis in axes)}

    @staticmethod
    def value(x: Array, *, axes: tuple[int, ...] | None) -> Array:
        return x.transpose(axes) if type(x) is np.ndarray else np.transpose(x, axes)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axes: tuple[int, ...] | None) -> Array:
        return np.transpose(g, axes and tuple(axes.index(axis) for axis in range(len(axes))))

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return "{0}.T" if parameters["axes"] is None else super().template(count, parameters)


class Swapaxes(DataMovement):
    """Exchange of two axes."""

    implements = np.swapaxes
    formula = "swapaxes({x}, {axis1}, {axis2})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, axis1: int, axis2: int) -> Call:
        return (a,), {"axis1": operator.index(axis1), "axis2": operator.index(axis2)}

    @staticmethod
    def value(x: Array, *, axis1: int, axis2: int) -> Array:
        return np.swapaxes(x, axis1, axis2)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis1: int, axis2: int) -> Array:
        return np.swapaxes(g, axis1, axis2)


class Moveaxis(DataMovement):
    """Axes moved to other positions; the others keep their order."""

    implements = np.moveaxis
    formula = "moveaxis({x}, {source}, {destination})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, source: Any, destination: Any) -> Call:
        return (a,), {"source": _as_tuple(source), "destination": _as_tuple(destination)}

    @staticmethod
    def value(x: Array, *, source: tuple[int, ...], destination: tuple[int, ...]) -> Array:
        return np.moveaxis(x, source, destination)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, source: tuple[int, ...], destination: tuple[int, ...]) -> Array:
        return np.moveaxis(g, destination, source)


class ExpandDims(DataMovement):
    """New axes of size 1 at the given positions of the result."""

    implements = np.expand_dims
    formula = "expand_dims({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, axis: Any) -> Call:
        return (a,), {"axis": _as_tuple(axis)}

    @staticmethod
    def value(x: Array, *, axis: tuple[int, ...]) -> Array:
        return np.expand_dims(x, axis)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: tuple[int, ...]) -> Array:
        return np.reshape(g, x.shape)


class Squeeze(DataMovement):
    """Removal of axes of size 1: the given ones, or all."""

    implements = np.squeeze
    formula = "squeeze({x}{options})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, axis: Any = None) -> Call:
        return (a,), {"axis": None if axis is None else _as_tuple(axis)}

    @staticmethod
    def value(x: Array, *, axis: tuple[int, ...] | None) -> Array:
        return np.squeeze(x, axis)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, axis: tuple[int, ...] | None) -> Array:
        return np.reshape(g, x.shape)


class BroadcastTo(DataMovement):
    """Broadcasting to a larger shape; the gradient is summed over the broadcast axes."""

    implements = np.broadcast_to
    formula = "broadcast_to({x}, {shape})"
    domain = (REAL,)

    @staticmethod
    def call(array: Array, shape: Any) -> Call:
        return (array,), {"shape": _as_tuple(shape)}

    @staticmethod
    def value(x: Array, *, shape: tuple[int, ...]) -> Array:
        if type(x) is np.ndarray and x.ndim == 0 and x.dtype.kind == "f":
            # Equal to np.broadcast_to for a 0-d array, and much faster.
            return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
        return np.broadcast_to(x, shape)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, shape: tuple[int, ...]) -> Array:
        return g  # autodiff sums it over the broadcast axes, as for every input

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return tuple(parameters["shape"]) == result


class Astype(DataMovement):
    """Conversion to another dtype; the gradient is converted back. Of a complex number that becomes real, the real part."""

    implements = np.astype
    formula = "astype({x}, {dtype})"
    domain = (REAL,)

    @staticmethod
    def call(x: Array, dtype: Any, /) -> Call:
        target = np.dtype(dtype).newbyteorder("=")
        if target.kind not in NUMERIC_KINDS:
            raise RecordingError(f"a Tensor holds numbers: it cannot become {target}; use .value for the plain array")
        return (x,), {"dtype": str(target)}

    @staticmethod
    def value(x: Array, *, dtype: str) -> Array:
        return np.asarray(x).astype(dtype)

    @staticmethod
    def complex_value(x: Array, *, dtype: str) -> Array:
        return x

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        return np.imag(inputs[0])

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, dtype: str) -> Array:
        if g.dtype.kind == "c" and x.dtype.kind != "c":
            g = np.real(g)
        return g if g.dtype == x.dtype else np.astype(g, x.dtype)

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        return [np.arange(inputs[0].size).reshape(*inputs[0].shape, 1)]


class Copy(DataMovement):
    """A copy, in memory of its own."""

    implements = np.copy
    formula = "copy({x})"
    domain = (REAL,)

    @staticmethod
    def call(a: Array, order: str = "K") -> Call:
        return (a,), {"order": order}

    @staticmethod
    def value(x: Array, *, order: Any) -> Array:
        return np.array(x, order=order, copy=True)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, order: str) -> Array:
        return g


class StopGradient(DataMovement):
    """Identity without a gradient: `Tensor.detach()`."""

    formula = "stop_gradient({x})"
    domain = (REAL,)

    @staticmethod
    def value(x: Array) -> Array:
        return x


class Item(DataMovement):
    """A value where it leaves the record as a plain number, as in `x.item()`, `float(x)`, `'%.3f' % x`, or as an index.

    The number has no gradient: what is computed with it takes it for a constant.
    """

    formula = "item({x})"
    domain = (REAL,)

    @staticmethod
    def value(x: Array) -> Array:
        return np.reshape(x, ()) if np.size(x) == 1 else np.array(x)


def in_order(a: Array, order: str) -> dict[str, str]:
    """The parameters of an order of elements: none for C, and for A and K the one that the array's memory stands for."""
    flags = np.asarray(getattr(a, "value", a)).flags
    if order in ("A", "K"):
        if order == "K" and not flags.c_contiguous and not flags.f_contiguous:
            raise RecordingError(
                "order='K' of an array whose elements lie in memory in the order of neither C nor Fortran: write order='C', or"
                " transpose the axes into the order that is meant"
            )
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    if order not in ("C", "F"):
        raise ValueError(f"order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")
    return {} if order == "C" else {"order": order}


def _as_tuple(axes: Any) -> tuple[int, ...]:
    return (operator.index(axes),) if hasattr(axes, "__index__") else tuple(operator.index(axis) for axis in axes)
