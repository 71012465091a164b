"""Distinct elements, sets of numbers, and what is left without zeros at the ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.compositions.arrays import array_of, as_dtype, is_recorded, plain_of
from tracer.ops.families.statistical.searching import Unique


def unique(
    ar: Array,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The distinct elements, or slices along an axis, in ascending order; then where they are and how many, as asked.

    They are taken at their first occurrences, so that the gradient goes there, as in JAX. With sorted=False NumPy promises no
    order; it is ascending here too.
    """
    options = {"axis": axis, "equal_nan": equal_nan}
    first = Unique.apply(ar, returned="index", **options)
    values = np.ravel(ar)[first] if axis is None else ar[(slice(None),) * (axis % np.ndim(ar)) + (first,)]
    found = [values]
    if return_index:
        found.append(first)
    for part, is_asked in (("inverse", return_inverse), ("counts", return_counts)):
        if is_asked:
            found.append(Unique.apply(ar, returned=part, **options))
    return tuple(found) if len(found) > 1 else values


def unique_all(x: Array) -> Any:
    """The distinct elements, their first positions, the positions in them of all elements, and how many there are of each."""
    return _as_numpys(np.unique_all, unique(x, True, True, True, equal_nan=False))


def unique_counts(x: Array) -> Any:
    """The distinct elements, and how many there are of each."""
    return _as_numpys(np.unique_counts, unique(x, return_counts=True, equal_nan=False))


def unique_inverse(x: Array) -> Any:
    """The distinct elements, and the positions in them of all elements."""
    return _as_numpys(np.unique_inverse, unique(x, return_inverse=True, equal_nan=False))


def unique_values(x: Array) -> Array:
    """The distinct elements, in the order in which NumPy gives them: ascending for real numbers, unspecified for integers."""
    if x.dtype.kind == "f":
        return unique(x, equal_nan=False)
    distinct, first = np.unique(plain_of(x), return_index=True)
    return np.ravel(x)[first[np.searchsorted(distinct, np.unique_values(plain_of(x)))]]


def union1d(ar1: Array, ar2: Array) -> Array:
    """The distinct elements of two arrays, in ascending order."""
    return unique(np.concatenate((array_of(ar1), array_of(ar2)), axis=None))


def intersect1d(ar1: Array, ar2: Array, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The elements that both arrays have, in ascending order, and with `return_indices` where they are in each."""
    sides = [array_of(each) for each in (ar1, ar2)]
    firsts: list[Any] = []
    if assume_unique:
        sides = [np.ravel(each) for each in sides]
    elif return_indices:
        for place, each in enumerate(sides):
            sides[place], first = unique(each, return_index=True)
            firsts.append(first)
    else:
        sides = [unique(each) for each in sides]
    both = np.concatenate(sides)
    order = np.argsort(both, kind="stable")
    in_order = both[order] if return_indices else np.sort(both)
    is_pair = np.equal(in_order[1:], in_order[:-1])
    found = in_order[:-1][is_pair]
    if not return_indices:
        return found
    places = [order[:-1][is_pair], order[1:][is_pair] - sides[0].size]
    return found, *([first[place] for first, place in zip(firsts, places, strict=True)] if firsts else places)


def setxor1d(ar1: Array, ar2: Array, assume_unique: bool = False) -> Array:
    """The elements that one of both arrays has, in ascending order."""
    sides = [array_of(each) if assume_unique else unique(array_of(each)) for each in (ar1, ar2)]
    in_order = np.sort(np.concatenate(sides, axis=None))
    if not in_order.size:
        return in_order
    differs = np.concatenate(([True], np.not_equal(in_order[1:], in_order[:-1]), [True]))
    return in_order[np.logical_and(differs[1:], differs[:-1])]


def setdiff1d(ar1: Array, ar2: Array, assume_unique: bool = False) -> Array:
    """The elements of the first array that the second does not have."""
    first = np.ravel(array_of(ar1)) if assume_unique else unique(array_of(ar1))
    is_left = np.isin(first, array_of(ar2), assume_unique=assume_unique, invert=True)
    return first[is_left if is_recorded(first) else plain_of(is_left)]


def sort_complex(a: Array) -> Array:
    """The array sorted along its last axis, as complex numbers."""
    found = np.sort(a)
    return found if found.dtype.kind == "c" else as_dtype(found, np.dtype("F" if found.dtype.char in "bhBH" else "D"))


def trim_zeros(filt: Array, trim: str = "fb", axis: Any = None) -> Array:
    """The array without the zeros before (f) and after (b) all others, along axes."""
    array, sides = array_of(filt), trim.lower()
    if sides not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    chosen = range(array.ndim) if axis is None else [one % array.ndim for one in np.atleast_1d(axis).tolist()]
    nonzero = np.argwhere(plain_of(array))
    if len(nonzero):
        starts, stops = nonzero.min(axis=0).tolist(), (nonzero.max(axis=0) + 1).tolist()
    else:
        starts, stops, sides = [0] * array.ndim, [0] * array.ndim, "fb"
    return array[
        tuple(
            slice(starts[one] if "f" in sides else None, stops[one] if "b" in sides else None) if one in chosen else slice(None)
            for one in range(array.ndim)
        )
    ]


def _as_numpys(function: Any, results: Any) -> Any:
    """The results in the named tuple that a function of NumPy's returns."""
    return type(function(np.zeros(0)))(*results)
