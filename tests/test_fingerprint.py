"""The fingerprint of the arithmetic."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tracer.store.fingerprint import fingerprint

pytestmark = pytest.mark.numbers


def test_fingerprint_is_the_one_in_files_of_earlier_versions() -> None:
    """Traces that were recorded with it are compared bit for bit on the machine that recorded them."""
    wide = np.sin(np.arange(40 * 784, dtype=np.float64)).reshape(40, 784)
    tall = np.cos(np.arange(784 * 100, dtype=np.float64)).reshape(784, 100)
    digest = hashlib.sha256()
    for dtype in (np.float64, np.float32):
        x, y = wide.astype(dtype), tall.astype(dtype)
        results = [x @ y, (x.T.copy()).T @ y, x @ y[:, 0], x[0] @ y]
        x = x[:8]
        positive = np.abs(x) + dtype(0.25)
        results += [np.sum(x, axis=0), np.sum(x, axis=1), np.sum(x), np.exp(x), np.log(positive), np.tanh(x), np.sin(positive)]
        results += [np.cos(x), np.expm1(x), np.log1p(positive), positive ** dtype(1.7), np.sqrt(positive), x / positive]
        for result in results:
            digest.update(np.ascontiguousarray(result).tobytes())
    assert fingerprint() == fingerprint() == digest.hexdigest()[:16]
