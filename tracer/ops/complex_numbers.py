"""Complex numbers for complex-step derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def complex_of(real: ArrayLike, imaginary: ArrayLike) -> np.ndarray:
    """Complex numbers from real and imaginary parts. Unlike real + 1j * imaginary, it handles infinite parts.

    >>> complex_of(0.0, [2.0, np.inf])
    array([0. +2.j, 0.+infj])
    """
    together = np.empty(np.broadcast(real, imaginary).shape, dtype=np.complex128)
    together.real = real
    together.imag = imaginary
    return together


def times_tangent(derivative: ArrayLike, tangent: ArrayLike) -> np.ndarray:
    """derivative * tangent, with inf * 0 = 0.

    >>> times_tangent(np.inf, np.array([0.0, -1.0]))
    array([  0., -inf])
    """
    is_zero = np.equal(tangent, 0)
    return np.where(is_zero, 0, derivative * np.where(is_zero, 1, tangent))


def stacked_alike(inputs: Sequence[Any], stacked: Sequence[bool]) -> list[Any]:
    """Insert axes of size 1 after the leading axis of stacked inputs, so that inputs broadcast as they do without that axis.

    >>> [array.shape for array in stacked_alike([np.ones((7, 3)), np.ones((2, 3))], [True, False])]
    [(7, 1, 3), (2, 3)]
    """
    rank = max(np.ndim(array) - many for array, many in zip(inputs, stacked, strict=True))
    return [
        array.reshape(len(array), *(1,) * (rank + 1 - array.ndim), *array.shape[1:]) if many else array
        for array, many in zip(inputs, stacked, strict=True)
    ]
