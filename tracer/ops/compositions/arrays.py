"""The arguments of compositions as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.ops.base import Array


def is_recorded(given: Any) -> bool:
    """True for a Tensor."""
    return hasattr(given, "recorder")


def array_of(given: Any) -> Any:
    """A Tensor as it is, anything else as an array; a list of Tensors is stacked."""
    if is_recorded(given):
        return given
    if isinstance(given, (list, tuple)) and any(map(is_recorded, given)):
        return np.stack(list(given))
    return np.asarray(given)


def plain_of(array: Array) -> Any:
    """The plain array of a Tensor or an array, for what decides the shape of a result."""
    return array.value if is_recorded(array) else array


def as_dtype(array: Array, dtype: Any) -> Array:
    """The array with a dtype; itself if it has it."""
    return array if array.dtype == dtype else np.astype(array, dtype)
