"""Average, covariance and correlation."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.axes import axes_from_start
from tracer.ops.base import Array
from tracer.ops.compositions.arrays import array_of, as_dtype


def average(a: Array, axis: Any = None, weights: Array = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    """The weighted average over axes, and with `returned` the sum of the weights."""
    array = array_of(a)
    if weights is None:
        mean = np.mean(array, axis=axis, keepdims=keepdims)
        total: Any = np.full(np.shape(mean), np.size(array) / np.size(mean), mean.dtype)
    else:
        shares = _fitting(array_of(weights), array, axis)
        dtype = np.result_type(array.dtype, shares.dtype, *(["f8"] if array.dtype.kind in "iub" else []))
        total = np.sum(shares, axis=axis, dtype=dtype, keepdims=keepdims)
        if np.any(total == 0.0):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        mean = np.sum(as_dtype(array, dtype) * as_dtype(shares, dtype), axis=axis, keepdims=keepdims) / total
    if not returned:
        return mean
    return mean, total if np.shape(total) == np.shape(mean) else np.broadcast_to(total, np.shape(mean))


def cov(
    m: Array,
    y: Array = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Array = None,
    aweights: Array = None,
    *,
    dtype: Any = None,
) -> Array:
    """The covariance matrix of variables: the rows of `m`, and of `y`; the columns without `rowvar`."""
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    first = array_of(m)
    others = [] if y is None else [array_of(y)]
    if any(np.ndim(each) > 2 for each in (first, *others)):
        raise ValueError("m and y have at most 2 dimensions")
    wanted = np.result_type(first.dtype, *(each.dtype for each in others), np.float64) if dtype is None else np.dtype(dtype)
    rows = as_dtype(np.reshape(first, (1, -1)) if np.ndim(first) < 2 else first, wanted)
    if not rowvar and np.ndim(first) != 1:
        rows = rows.T
    if not rows.shape[0]:
        raise RecordingError("np.cov of no variables is no number: give it at least one row")
    for each in others:
        more = as_dtype(np.reshape(each, (1, -1)) if np.ndim(each) < 2 else each, wanted)
        rows = np.concatenate((rows, more.T if not rowvar and more.shape[0] != 1 else more), axis=0)
    freedom = (1 if bias == 0 else 0) if ddof is None else ddof
    weights = _weights(rows.shape[1], fweights, aweights)
    mean, total = average(rows, axis=1, weights=weights, returned=True)
    if weights is None:
        count: Any = rows.shape[1] - freedom
    elif freedom == 0:
        count = total[0]
    elif aweights is None:
        count = total[0] - freedom
    else:
        count = total[0] - freedom * np.sum(weights * array_of(aweights)) / total[0]
    if count <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=3)
        count = 0.0
    centred = rows - mean[:, None]
    others_centred = centred.T if weights is None else (centred * weights).T
    products = np.dot(centred, np.conj(others_centred) if wanted.kind == "c" else others_centred)
    return np.squeeze(products * np.true_divide(1, count))


def corrcoef(x: Array, y: Array = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    """The matrix of Pearson's correlation coefficients of variables, clipped to [-1, 1]."""
    covariance = cov(x, y, rowvar, dtype=dtype)
    if covariance.dtype.kind == "c":
        raise RecordingError("np.corrcoef is recorded for real numbers: write np.cov(x) and divide by the deviations")
    if not covariance.ndim:
        return covariance / covariance
    places = np.arange(len(covariance))
    deviations = np.sqrt(covariance[places, places])
    scaled = covariance / deviations[:, None] / deviations[None, :]
    return np.clip(scaled, -1, 1)


def _fitting(weights: Array, array: Array, axis: Any) -> Array:
    """The weights in a shape that broadcasts with the array: they have its shape, or that of the axes they are for."""
    if np.shape(weights) == np.shape(array):
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = axes_from_start(axis, np.ndim(array)) or ()
    if np.shape(weights) != tuple(np.shape(array)[one] for one in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    in_order = np.transpose(weights, tuple(int(one) for one in np.argsort(axes)))
    return np.reshape(in_order, tuple(size if one in axes else 1 for one, size in enumerate(np.shape(array))))


def _weights(count: int, fweights: Array, aweights: Array) -> Array:
    """The product of frequencies and weights of observations, None if there are none."""
    found: Any = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        weights = as_dtype(array_of(given), np.dtype(float))
        plain: Any = getattr(weights, "value", weights)
        if name == "fweights" and not np.all(plain == np.around(plain)):
            raise TypeError("fweights must be integer")
        if np.ndim(weights) > 1:
            raise RuntimeError(f"cannot handle multidimensional {name}")
        if weights.shape[0] != count:
            raise RuntimeError(f"incompatible numbers of samples and {name}")
        if np.any(plain < 0):
            raise ValueError(f"{name} cannot be negative")
        found = weights if found is None else found * weights
    return found
