"""Axes of reductions."""

from __future__ import annotations

import math
import operator
from typing import Any, TypeAlias

import numpy as np

from tracer.ops.base import Array

Axes: TypeAlias = tuple[int, ...] | None
"""Non-negative axes; None for all axes."""


def axes_from_start(axis: Any, rank: int) -> Axes:
    """Normalize axes to a tuple of non-negative integers; None for all. Raises AxisError like NumPy.

    >>> axes_from_start(-1, 3), axes_from_start((0, -2), 3), axes_from_start(None, 3)
    ((2,), (0, 1), None)
    """
    if axis is None:
        return None
    axes = (operator.index(axis),) if hasattr(axis, "__index__") else tuple(operator.index(one) for one in axis)
    for one in axes:
        if not -rank <= one < rank:
            raise np.exceptions.AxisError(one, rank)
    if len({one % rank for one in axes}) < len(axes):
        raise ValueError(f"the axes {axis} name one twice")
    return tuple(one % rank for one in axes)


def axis_from_start(axis: Any, rank: int) -> int:
    """One axis as a non-negative integer. Raises AxisError like NumPy.

    >>> axis_from_start(-1, 3)
    2
    """
    one = operator.index(axis)
    if not -rank <= one < rank:
        raise np.exceptions.AxisError(one, rank)
    return one % rank


def count_of(x: Array, axis: Axes) -> int:
    """The number of elements reduced to one."""
    return x.size if axis is None else math.prod([x.shape[one] for one in axis])


def with_reduced_axes(reduced: Array, x: Array, axis: Axes, keepdims: bool) -> Array:
    """The reduced array with its reduced axes restored with size 1, so that it broadcasts with `x`.

    If all axes were reduced, the scalar broadcasts anyway.
    """
    return reduced if keepdims or axis is None or not axis else np.expand_dims(reduced, axis)
