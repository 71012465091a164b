"""A fingerprint of this machine's floating-point arithmetic.

NumPy and its BLAS choose their kernels by the processor they meet, and kernels add up in different orders: the same
program may end in other last digits elsewhere. A short computation tells such machines apart.
"""

from __future__ import annotations

import hashlib

import numpy as np

_SIDES = (40, 784, 100)
"""Of the products that are tried: long enough that kernels differ, and that BLAS shares the sums out among its threads."""

_ROWS = 8
"""Rows that elementary functions and sums are tried on."""


def fingerprint() -> str:
    """Sixteen characters that are the same where products, sums and elementary functions give the same bits.

    >>> fingerprint() == fingerprint(), len(fingerprint())
    (True, 16)
    """
    rows, inner, columns = _SIDES
    wide = np.sin(np.arange(rows * inner, dtype=np.float64)).reshape(rows, inner)
    tall = np.cos(np.arange(inner * columns, dtype=np.float64)).reshape(inner, columns)
    digest = hashlib.sha256()
    for dtype in (np.dtype(np.float64), np.dtype(np.float32)):
        x: np.ndarray = wide.astype(dtype)
        y: np.ndarray = tall.astype(dtype)
        found = [x @ y, (x.T.copy()).T @ y, x @ y[:, 0], x[0] @ y]
        x = x[:_ROWS]
        positive = np.abs(x) + dtype.type(0.25)
        found += [np.sum(x, axis=0), np.sum(x, axis=1), np.sum(x)]
        found += [np.exp(x), np.log(positive), np.tanh(x), np.sin(positive), np.cos(x), np.expm1(x), np.log1p(positive)]
        found += [positive ** dtype.type(1.7), np.sqrt(positive), x / positive]
        for result in found:
            digest.update(np.ascontiguousarray(result).tobytes())
    return digest.hexdigest()[:16]
