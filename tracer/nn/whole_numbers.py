"""Booleans and integers where losses and layers subtract: differences of unsigned integers wrap around."""

from __future__ import annotations

import numpy as np

from tracer.ops.base import Array
from tracer.recording.tensor import Tensor, plain


def is_whole(x: Array) -> bool:
    """Whether an array or Tensor has a boolean or integer dtype."""
    return np.asarray(plain(x)).dtype.kind in "biu"


def converted(x: Array, dtype: type[np.number]) -> Array:
    """A Tensor, or anything that makes an array, in another dtype.

    >>> converted([True, False], np.float64)
    array([1., 0.])
    """
    return x.astype(dtype) if isinstance(x, Tensor) else np.asarray(x).astype(dtype)


def floating(x: Array) -> Array:
    """x; booleans and integers as float64.

    >>> floating(np.array([2, 3], np.uint8)) - 3
    array([-1.,  0.])
    """
    return converted(x, np.float64) if is_whole(x) else x
