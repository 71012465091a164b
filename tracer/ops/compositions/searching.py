"""Distinct elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.families.statistical.searching import Unique


def unique(
    ar: Array,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
) -> Any:
    """The distinct elements, or slices along an axis, in ascending order; then where they are and how many, as asked.

    They are taken at their first occurrences, so that the gradient goes there, as in JAX.
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
