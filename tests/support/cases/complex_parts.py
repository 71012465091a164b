"""Strategies for calls of operations on complex numbers: real functions of real arrays, with complex numbers inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.drawing import Case, seeds, separated, shapes

TURN = 0.6 + 0.8j
"""A complex number of magnitude 1 that turns real numbers away from the axes."""

FUNCTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "real": (np.real, lambda x: np.real(x * TURN), lambda x: (x * x * TURN).real),
    "imag": (np.imag, lambda x: np.imag(x * TURN), lambda x: np.exp(x * 1j).imag),
    "conjugate": (np.conj, lambda x: np.real(np.conj(x * TURN) * (1 - 2j)), lambda x: np.real((x * TURN).conj() * x * 1j)),
    "real_if_close": (np.real_if_close, lambda x: np.real_if_close(x + 0j), lambda x: np.real_if_close(x * TURN).real),
    "angle": (
        np.angle,
        lambda x: np.angle(x + 0.5j),
        lambda x: np.angle(x * x * TURN + 1j, deg=True),
        lambda x: np.angle(x * x * (1 - 2j) - 1.5, True),
    ),
}
"""Functions of a real array that record an operation, by its name."""


@st.composite
def complex_parts(draw: Any, name: str) -> Case:
    function = draw(st.sampled_from(FUNCTIONS[name]))
    return Case(function, (separated(draw(shapes), draw(seeds)),), f"{name}: {FUNCTIONS[name].index(function)}")


@st.composite
def powers(draw: Any) -> Case:
    """Powers whose exponent is complex, of negative and positive numbers."""
    function = draw(st.sampled_from([lambda x: np.abs((-1.5 - x * x) ** (x * 1j)), lambda x: np.imag((1.5 + x * x) ** (x * 1j))]))
    return Case(function, (separated(draw(shapes), draw(seeds)) / 2,), "power with a complex exponent")


@st.composite
def conversions(draw: Any) -> Case:
    """Conversions of real numbers to complex ones, and back."""
    function = draw(
        st.sampled_from(
            [lambda x: np.abs(x.astype(complex) * TURN + 1j), lambda x: (x.astype(complex) * TURN).real.astype(x.dtype)]
        )
    )
    return Case(function, (separated(draw(shapes), draw(seeds)),), "astype(complex)")


CASES: dict[str, st.SearchStrategy[Case]] = {name: complex_parts(name) for name in FUNCTIONS}
"""A strategy for every operation with a derivative, by name."""
