"""Class labels as losses, metrics and one-hot rows take them: whole numbers, in an integer dtype."""

from __future__ import annotations

import numpy as np

from tracer.errors import UsageError
from tracer.nn.whole_numbers import converted
from tracer.ops.base import Array
from tracer.recording.tensor import Tensor, plain


def integer_labels(function: str, labels: Array, classes: int | None, shape: tuple[int, ...]) -> Array:
    """The labels as integers, an array or a Tensor: as an index, booleans would be a mask.

    Raises UsageError unless they are integers or booleans of the given shape, from 0 to classes - 1. With None for `classes`
    they may be any integers.

    >>> integer_labels("cross_entropy", [False, True], 2, (2,))
    array([0, 1])
    >>> integer_labels("cross_entropy", np.array([[0], [1]]), 2, (2,))
    Traceback (most recent call last):
    tracer.errors.UsageError: cross_entropy takes labels of shape (2,), one for each sample, these have (2, 1)
    """
    values = np.asarray(plain(labels))
    if values.shape != shape:
        raise UsageError(f"{function} takes labels of shape {shape}, one for each sample, these have {values.shape}")
    if values.dtype.kind not in "biu" and values.size:
        raise UsageError(f"{function} takes labels that are whole numbers, these are {values.dtype}")
    if classes is not None and values.size and not 0 <= values.min() <= values.max() < classes:
        raise UsageError(f"{function} takes labels from 0 to {classes - 1}, these go from {values.min()} to {values.max()}")
    if values.dtype.kind not in "iu":
        return converted(labels, np.int64)
    return labels if isinstance(labels, Tensor) else values
