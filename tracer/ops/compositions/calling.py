"""NumPy functions that call functions of the user's: for parts of an array, along an axis, and over axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.compositions.arrays import array_of, as_dtype, is_recorded


def piecewise(x: Array, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Array:
    """The elements for which a condition holds, given to the function beside it; of several conditions, the last that holds."""
    array = array_of(x)
    is_single = np.isscalar(condlist) or (array.ndim > 0 and not isinstance(condlist[0], list) and np.ndim(condlist[0]) == 0)
    given = [condlist] if is_single else list(condlist)  # of a matrix, NumPy takes every row for a condition
    conditions = [as_dtype(array_of(each), np.dtype(bool)) for each in given]
    if len(conditions) == len(funclist) - 1:
        conditions.append(np.logical_not(np.any(np.stack(conditions), axis=0)))
    if len(conditions) != len(funclist):
        raise ValueError(
            f"with {len(conditions)} condition(s), either {len(conditions)} or {len(conditions) + 1} functions are expected"
        )
    like = next(each for each in (array, *conditions) if is_recorded(each))
    found = np.zeros(array.shape, array.dtype, like=like)
    for condition, function in zip(conditions, funclist, strict=True):
        if not callable(function):
            found[condition] = function
            continue
        chosen = array[condition]
        if chosen.size:
            found[condition] = function(chosen, *args, **kw)
    return found


def apply_along_axis(func1d: Callable[..., Array], axis: int, arr: Array, *args: Any, **kwargs: Any) -> Array:
    """The results of a function for every vector along an axis; their axes stand in its place."""
    array = array_of(arr)
    axis = range(array.ndim)[axis]
    last = np.moveaxis(array, axis, -1)
    indices = list(np.ndindex(last.shape[:-1]))
    if not indices:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = [array_of(func1d(last[(*index, ...)], *args, **kwargs)) for index in indices]
    shape, dtype = results[0].shape, results[0].dtype
    stacked = np.stack([as_dtype(np.broadcast_to(each, shape), dtype) for each in results])
    found = np.reshape(stacked, (*last.shape[:-1], *shape))
    rank, own = found.ndim, found.ndim - len(shape)
    return np.transpose(found, (*range(axis), *range(own, rank), *range(axis, own)))


def apply_over_axes(func: Callable[[Array, int], Array], a: Array, axes: Any) -> Array:
    """A reduction applied over one axis after the other; the axes stay, with length 1."""
    found = array_of(a)
    rank = found.ndim
    for axis in np.atleast_1d(axes).tolist():
        reduced = func(found, axis % rank)
        if reduced.ndim != found.ndim:
            reduced = np.expand_dims(reduced, axis % rank)
            if reduced.ndim != found.ndim:
                raise ValueError("function is not returning an array of the correct shape")
        found = reduced
    return found
