"""np.where of large arrays in single precision is computed on their bits: it gives what NumPy gives, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.ops.families.selection import Where

SHAPE = 128, 160
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1e-45, -1.5], np.float32)


def arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x, y = (rng.choice(SPECIAL, SHAPE) for _ in range(2))
    return rng.random(SHAPE) < 0.5, x, y


CONDITION, X, Y = arrays()

CALLS = {
    "arrays": (CONDITION, X, Y),
    "zero": (CONDITION, X, 0),
    "zero first": (CONDITION, 0.0, Y),
    "minus zero": (CONDITION, X, -0.0),
    "two zeros": (CONDITION, 0, 0),
    "another number": (CONDITION, X, 0.1),
    "true": (CONDITION, X, True),
    "transposed": (CONDITION.T, X.T, Y.T),
    "one transposed": (CONDITION[:, :128], X[:, :128], Y[:, :128].T),
    "gaps": (CONDITION[::2], X[::2], Y[::2]),
    "a row": (CONDITION, X, Y[0]),
    "a condition of a row": (CONDITION[0], X, Y),
    "a condition of numbers": (X, X, Y),
    "double precision": (CONDITION, X.astype(np.float64), Y),
    "complex numbers": (CONDITION, X.astype(np.complex64), Y),
    "whole numbers": (CONDITION, np.ones(SHAPE, np.int32), 0),
    "small": (CONDITION[0], X[0], Y[0]),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_where_gives_the_bits_of_numpy(call: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    with np.errstate(all="ignore"):
        found, expected = Where.value(*call), np.where(*call)
    assert (found.dtype, found.shape, found.strides) == (expected.dtype, expected.shape, expected.strides)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", ["arrays", "zero", "zero first", "minus zero"])
def test_large_arrays_are_not_given_to_numpy(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(np, "where", None)
    assert Where.value(*CALLS[name]).dtype == np.float32
