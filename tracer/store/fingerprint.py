"""A fingerprint of this machine's floating-point arithmetic.

NumPy and its BLAS select kernels by processor, and kernels sum in different orders, so that the last digits of a result
depend on the machine. A short computation distinguishes such machines.
"""

from __future__ import annotations

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
    rows, inner, columns = _DIMENSIONS
    wide = np.sin(np.arange(rows * inner, dtype=np.float64)).reshape(rows, inner)
    tall = np.cos(np.arange(inner * columns, dtype=np.float64)).reshape(inner, columns)
    digest = hashlib.sha256()
    for dtype in (np.dtype(np.float64), np.dtype(np.float32)):
        x: np.ndarray = wide.astype(dtype)
        y: np.ndarray = tall.astype(dtype)
        results = [x @ y, (x.T.copy()).T @ y, x @ y[:, 0], x[0] @ y]
        x = x[:_ROWS]
        positive = np.abs(x) + dtype.type(0.25)
        results += [np.sum(x, axis=0), np.sum(x, axis=1), np.sum(x)]
        results += [np.exp(x), np.log(positive), np.tanh(x), np.sin(positive), np.cos(x), np.expm1(x), np.log1p(positive)]
        results += [positive ** dtype.type(1.7), np.sqrt(positive), x / positive]
        for result in results:
            digest.update(np.ascontiguousarray(result).tobytes())
    return digest.hexdigest()[:16]
