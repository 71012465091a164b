"""Calls of any operation with complex numbers, whose real and imaginary parts are real arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.drawing import Case, seeds
from support.strategies import CASES


def both_parts(value: Any) -> Any:
    """A real array with the real parts, and the imaginary parts behind them along a last axis."""
    return np.stack([np.real(value), np.imag(value)], axis=-1)


@st.composite
def complex_calls(draw: Any, name: str) -> Case:
    """A call of the operation of that name, some or all of whose inputs are complex."""
    case = draw(CASES[name])
    count = len(case.arrays)
    complex_ones = sorted(draw(st.sets(st.integers(0, count - 1), min_size=1)) if count > 1 else {0})
    rng = np.random.default_rng(draw(seeds))
    imaginary = [rng.uniform(0.2, 1, case.arrays[place].shape) * rng.choice([-1, 1]) for place in complex_ones]

    def function(*arrays: Any) -> Any:
        parts = dict(zip(complex_ones, arrays[count:], strict=True))
        return both_parts(
            case.function(*(x + 1j * parts[place] if place in parts else x for place, x in enumerate(arrays[:count])))
        )

    return Case(function, (*case.arrays, *imaginary), f"{case.description} with complex inputs {complex_ones}")
