"""A fingerprint of this machine's floating-point arithmetic.

NumPy and its BLAS select kernels by processor, and kernels sum in different orders, so that the last digits of a result
depend on the machine. A short computation distinguishes such machines.
"""

from __future__ import annotations

import functools
import hashlib

import numpy as np

_DIMENSIONS = (40, 784, 100)
"""Dimensions of the matrix products: large enough for kernels to differ, and for BLAS to use several threads."""

_ROWS = 8
"""Rows for elementary functions and sums."""


def fingerprint() -> str:
    """A digest of 16 characters of the bits of products, sums and elementary functions.

    >>> fingerprint() == fingerprint(), len(fingerprint())
    (True, 16)
    """
    digest = hashlib.sha256()
    for x, y, functions in _matrices():
        # Products are computed each time: a program may change the number of threads of BLAS.
        for product in (x @ y, (x.T.copy()).T @ y, x @ y[:, 0], x[0] @ y):
            digest.update(np.ascontiguousarray(product).tobytes())
        digest.update(functions)
    return digest.hexdigest()[:16]


@functools.cache
def _matrices() -> list[tuple[np.ndarray, np.ndarray, bytes]]:
    """Two matrices of each dtype, and the bits of sums and elementary functions of rows of the first."""
    rows, inner, columns = _DIMENSIONS
    wide = np.sin(np.arange(rows * inner, dtype=np.float64)).reshape(rows, inner)
    tall = np.cos(np.arange(inner * columns, dtype=np.float64)).reshape(inner, columns)
    return [
        (wide.astype(dtype), tall.astype(dtype), _of_functions(wide[:_ROWS].astype(dtype))) for dtype in (np.float64, np.float32)
    ]


def _of_functions(x: np.ndarray) -> bytes:
    positive = np.abs(x) + x.dtype.type(0.25)
    results = [np.sum(x, axis=0), np.sum(x, axis=1), np.sum(x)]
    results += [np.exp(x), np.log(positive), np.tanh(x), np.sin(positive), np.cos(x), np.expm1(x), np.log1p(positive)]
    results += [positive ** x.dtype.type(1.7), np.sqrt(positive), x / positive]
    return b"".join(np.ascontiguousarray(each).tobytes() for each in results)
