"""Numbers between two ends, evenly spaced on a logarithmic scale, and the edges of the bins of a histogram."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array
from tracer.ops.compositions.arrays import array_of, as_dtype, plain_of


def logspace(
    start: Array, stop: Array, num: int = 50, endpoint: bool = True, base: Array = 10.0, dtype: Any = None, axis: int = 0
) -> Array:
    """Powers of a base with evenly spaced exponents."""
    if not isinstance(base, (int, float)) and np.ndim(base):
        rank = max(map(np.ndim, (start, stop, base)))
        start, stop, base = (_with_rank(each, rank) for each in (start, stop, base))
        base = np.expand_dims(base, axis=axis)
    powers = np.power(base, np.linspace(start, stop, num=num, endpoint=endpoint, axis=axis))
    return powers if dtype is None else as_dtype(powers, np.dtype(dtype))


def geomspace(start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Array:
    """A geometric progression from start to stop."""
    first, last = array_of(start), array_of(stop)
    if np.any(plain_of(first) == 0) or np.any(plain_of(last) == 0):
        raise ValueError("Geometric sequence cannot include zero")
    computed = np.result_type(first.dtype, last.dtype, float(num), np.dtype(dtype))
    if computed.kind == "c":
        raise RecordingError("np.geomspace is recorded for real numbers: write np.exp(np.linspace(np.log(a), np.log(b), n))")
    first, last = as_dtype(first, computed), as_dtype(last, computed)
    sign = np.sign(first)
    first, last = first / sign, last / sign
    found = logspace(np.log10(first), np.log10(last), num=num, endpoint=endpoint, base=10.0, dtype=computed)
    if num > 0:
        ends = num > 1 and endpoint
        shape = found.shape[1:]
        parts = [np.broadcast_to(first, shape)[None], found[1 : -1 if ends else None]]
        found = np.concatenate([*parts, np.broadcast_to(last, shape)[None]] if ends else parts)
    found = found * sign
    if axis:
        found = np.moveaxis(found, 0, axis)
    return as_dtype(found, computed if dtype is None else np.dtype(dtype))


def histogram_bin_edges(a: Array, bins: Any = 10, range: Any = None, weights: Array = None) -> Array:
    """The edges of bins of equal width between the least and the largest element; the bins, where they are given as edges."""
    if isinstance(bins, str):
        raise RecordingError("np.histogram_bin_edges is recorded for a number of bins or their edges: give one of both")
    if np.ndim(bins):
        return array_of(bins)
    array = array_of(a)
    if range is not None:
        first, last = range
    elif array.size:
        first, last = np.min(array), np.max(array)
    else:
        first, last = np.array(0.0), np.array(1.0)
    if plain_of(first) > plain_of(last) or not np.isfinite(plain_of(last) - plain_of(first)):
        raise ValueError("the range of the bins must be finite, and its end not below its start")
    if plain_of(first) == plain_of(last):
        first, last = first - 0.5, last + 0.5
    dtype = np.result_type(*(getattr(each, "dtype", each) for each in (first, last)), array.dtype)
    return np.linspace(first, last, int(bins) + 1, dtype=np.result_type(dtype, float) if dtype.kind in "iub" else dtype)


def _with_rank(given: Array, rank: int) -> Array:
    """The array with axes of length 1 before its own, `rank` in all."""
    array = array_of(given)
    return np.reshape(array, (1,) * (rank - array.ndim) + array.shape)
