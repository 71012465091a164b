"""Strategies for Fourier transforms: real functions of real arrays, with complex numbers inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, seeds, separated

OF_REAL = ("rfft", "ihfft", "rfft2", "rfftn")
ONE_AXIS = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
TWO_AXES = ("fft2", "ifft2", "rfft2", "irfft2")
SEVERAL_AXES = ("fftn", "ifftn", "rfftn", "irfftn")

norms = st.sampled_from([None, "backward", "ortho", "forward"])


def with_both_parts(name: str, options: dict[str, Any]) -> Any:
    """The transform of an array and, where it takes complex numbers, of one with imaginary parts; as real numbers."""
    transform = getattr(np.fft, name)

    def function(x: Any) -> Any:
        out = transform(x if name in OF_REAL else x * (1 + 0.3j) + x * x * 0.2j, **options)
        return np.real(out) + 0.7 * np.imag(out)

    return function


@st.composite
def transforms(draw: Any, name: str) -> Case:
    least = 2 if name in TWO_AXES else 1
    shape = draw(hnp.array_shapes(min_dims=least, max_dims=3, min_side=2, max_side=4))
    rank = len(shape)
    options: dict[str, Any] = {"norm": draw(norms)}
    lengths = st.integers(1, 5)
    if name in ONE_AXIS:
        options |= {"n": draw(st.none() | lengths), "axis": draw(st.integers(-rank, rank - 1))}
    else:
        count = 2 if name in TWO_AXES else draw(st.integers(1, rank))
        options["axes"] = tuple(draw(st.permutations(range(rank)))[:count])
        if draw(st.booleans()):
            options["s"] = tuple(draw(lengths) for _ in range(count))
        elif draw(st.booleans()):
            del options["axes"]
    return Case(with_both_parts(name, options), (separated(shape, draw(seeds)),), f"{name}(x, {options})")


@st.composite
def shifts(draw: Any, name: str) -> Case:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    axes = draw(st.sampled_from([None, 0, -1, (0,), tuple(range(len(shape)))]))
    function = getattr(np.fft, name)
    return Case(lambda x: function(x, axes), (separated(shape, draw(seeds)),), f"{name}(x, {axes})")


CASES: dict[str, st.SearchStrategy[Case]] = {
    **{name: transforms(name) for name in (*ONE_AXIS, *TWO_AXES, *SEVERAL_AXES)},
    **{name: shifts(name) for name in ("fftshift", "ifftshift")},
}
"""A strategy for every operation with a derivative, by name."""
