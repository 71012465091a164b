"""Numerical derivatives and integrals, differences of neighbours, and cumulative sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.ops.axes import axes_from_start
from tracer.ops.base import Array
from tracer.ops.compositions.arrays import array_of


def trapezoid(y: Array, x: Array = None, dx: Any = 1.0, axis: int = -1) -> Array:
    """The integral along an axis by the trapezoidal rule."""
    heights = array_of(y)
    if x is None:
        widths = dx
    else:
        places = array_of(x)
        if places.ndim == 1:
            widths = np.diff(places)
            shape = [1] * heights.ndim
            shape[axis] = widths.shape[0]
            widths = np.reshape(widths, shape)
        else:
            widths = np.diff(places, axis=axis)
    along = (slice(None),) * (axis % heights.ndim)
    return np.sum(widths * (heights[(*along, slice(1, None))] + heights[(*along, slice(None, -1))]) / 2.0, axis)


def ediff1d(ary: Array, to_end: Array = None, to_begin: Array = None) -> Array:
    """The differences of neighbours in the flattened array, between `to_begin` and `to_end`."""
    flat = np.ravel(array_of(ary))
    differences = flat[1:] - flat[:-1]
    if to_end is None and to_begin is None:
        return differences
    parts = []
    for name, given in (("to_begin", to_begin), ("", differences), ("to_end", to_end)):
        if given is None:
            continue
        part = np.ravel(array_of(given))
        if not np.can_cast(part.dtype, flat.dtype, casting="same_kind"):
            raise TypeError(f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule.")
        parts.append(part if part.dtype == flat.dtype else np.astype(part, flat.dtype))
    return np.concatenate(parts)


def gradient(f: Array, *varargs: Array, axis: Any = None, edge_order: int = 1) -> Any:
    """The derivative along axes by central differences, at the ends by differences of first or second order.

    NumPy takes equally spaced coordinates for a single spacing. Coordinates that are Tensors are taken as they are, so that
    their gradient is right; the value may then differ from NumPy's in the last bit.
    """
    array = array_of(f)
    axes = tuple(range(array.ndim)) if axis is None else axes_from_start(axis, array.ndim) or ()
    spacings = _spacings(array, axes, varargs)
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    if array.dtype.kind in "iub":
        array = np.astype(array, np.float64)
    found = []
    for one, spacing in zip(axes, spacings, strict=True):
        if array.shape[one] < edge_order + 1:
            raise ValueError(
                "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required."
            )
        parts = [
            part if part.dtype == array.dtype else np.astype(part, array.dtype)
            for part in _parts(array, one, spacing, edge_order)
        ]
        found.append(np.concatenate(parts, axis=one))
    return found[0] if len(axes) == 1 else tuple(found)


def _spacings(array: Array, axes: tuple[int, ...], given: tuple[Array, ...]) -> list[Any]:
    """For each axis a number, or the distances of neighbours."""
    if not given:
        return [1.0] * len(axes)
    if len(given) == 1 and np.ndim(given[0]) == 0:
        return list(given) * len(axes)
    if len(given) != len(axes):
        raise TypeError("invalid number of arguments")
    spacings: list[Any] = []
    for each, axis in zip(given, axes, strict=True):
        places = array_of(each)
        if places.ndim == 0:
            spacings.append(each)
            continue
        if places.ndim != 1:
            raise ValueError("distances must be either scalars or 1d")
        if len(places) != array.shape[axis]:
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
        distances = np.diff(np.astype(places, np.float64) if places.dtype.kind in "iu" else places)
        is_plain = not hasattr(distances, "recorder")
        spacings.append(distances[0] if is_plain and (distances == distances[0]).all() else distances)
    return spacings


def _parts(f: Array, axis: int, spacing: Array, edge_order: int) -> list[Any]:
    """The derivative at the first element, between the ends, and at the last."""
    along = (slice(None),) * axis

    def at(start: int | None, stop: int | None) -> Array:
        return f[(*along, slice(start, stop))]

    size = f.shape[axis]
    if np.ndim(spacing) == 0:
        inner = (at(2, None) - at(None, -2)) / (2.0 * spacing)
        first, last = spacing, spacing
    else:
        before, after = spacing[0:-1], spacing[1:]
        shape = tuple(-1 if one == axis else 1 for one in range(f.ndim))
        a = np.reshape(-after / (before * (before + after)), shape)
        b = np.reshape((after - before) / (before * after), shape)
        c = np.reshape(before / (after * (before + after)), shape)
        inner = a * at(None, -2) + b * at(1, -1) + c * at(2, None)
        first, last = spacing[0], spacing[-1]
    if edge_order == 1:
        return [(at(1, 2) - at(0, 1)) / first, inner, (at(size - 1, size) - at(size - 2, size - 1)) / last]
    if np.ndim(spacing) == 0:
        starts = -1.5 / spacing, 2.0 / spacing, -0.5 / spacing
        ends = 0.5 / spacing, -2.0 / spacing, 1.5 / spacing
    else:
        near, far = spacing[0], spacing[1]
        starts = -(2.0 * near + far) / (near * (near + far)), (near + far) / (near * far), -near / (far * (near + far))
        far, near = spacing[-2], spacing[-1]
        ends = near / (far * (far + near)), -(near + far) / (far * near), (2.0 * near + far) / (near * (far + near))
    edges = [
        one * at(start, start + 1) + two * at(start + 1, start + 2) + three * at(start + 2, start + 3)
        for (one, two, three), start in ((starts, 0), (ends, size - 3))
    ]
    return [edges[0], inner, edges[1]]


def cumulative_sum(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """The running sum along an axis, with the 0 that it starts from if `include_initial` is given."""
    return _cumulative(np.cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """The running product along an axis, with the 1 that it starts from if `include_initial` is given."""
    return _cumulative(np.cumprod, 1, x, axis, dtype, include_initial)


def _cumulative(scan: Any, start: int, x: Array, axis: int | None, dtype: Any, include_initial: bool) -> Array:
    rank = np.ndim(x)
    if not rank:
        raise ValueError("Input should be at least one dimensional")
    if axis is None and rank > 1:
        raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
    along = 0 if axis is None else axis % rank
    running = scan(x, axis=along, dtype=dtype)
    if not include_initial:
        return running
    shape = (*running.shape[:along], 1, *running.shape[along + 1 :])
    return np.concatenate([np.full(shape, start, running.dtype), running], axis=along)
