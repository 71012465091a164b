"""The largest element of a value."""

from __future__ import annotations

import numpy as np

from tracer.graph.record import Node


def largest_index(node: Node, row: int | None = None) -> tuple[int, ...] | None:
    """The index of the largest element, of one row if given: a NaN before an infinity before the largest number.

    None if all are 0, if there is none, or if the value was not kept.
    """
    if not node.size or not node.is_kept or node.value.dtype.kind not in "fiubc":
        return None
    value = node.value if row is None or not node.shape else node.value[row]
    with np.errstate(all="ignore"):
        sizes = np.abs(np.asarray(value, dtype=np.complex128 if value.dtype.kind == "c" else np.float64))
    place = int(np.argmax(np.where(np.isnan(sizes), np.inf, sizes)))
    if not sizes.ravel()[place]:
        return None
    index = tuple(int(at) for at in np.unravel_index(place, sizes.shape)) if sizes.ndim else ()
    return index if row is None or not node.shape else (row, *index)
