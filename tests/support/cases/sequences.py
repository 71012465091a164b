"""Strategies for convolutions, polynomials and interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.drawing import Case, seeds, separated


@st.composite
def slidings(draw: Any, name: str) -> Case:
    function, mode = getattr(np, name), draw(st.sampled_from(["full", "same", "valid"]))
    counts = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    arrays = tuple(separated((count,), draw(seeds)) for count in counts)
    return Case(lambda x, y: function(x, y, mode), arrays, f"{name} {counts} {mode}")


@st.composite
def vanders(draw: Any) -> Case:
    count, increasing = draw(st.sampled_from([None, 0, 1, 2, 4])), draw(st.booleans())
    x = separated((draw(st.integers(1, 3)),), draw(seeds))
    return Case(lambda x: np.vander(x, count, increasing), (x,), f"vander {x.shape} {count} {increasing}")


@st.composite
def polyvals(draw: Any) -> Case:
    p = separated((draw(st.integers(1, 4)),), draw(seeds))
    x = separated(draw(st.sampled_from([(), (3,), (2, 2)])), draw(seeds))
    return Case(np.polyval, (p, x), f"polyval {p.shape} {x.shape}")


@st.composite
def interps(draw: Any) -> Case:
    count = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(seeds))
    xp = np.arange(count) + rng.uniform(-0.2, 0.2, count)
    x = separated(draw(st.sampled_from([(), (3,), (2, 2)])), draw(seeds))
    # Not at a point, where there is a kink.
    x = np.where(np.min(np.abs(x[..., np.newaxis] - xp), axis=-1) < 0.03, x + 0.06, x)
    ends = draw(st.sampled_from([{}, {"left": -1.5}, {"right": 0.5}, {"left": 0.0, "right": 2.0}]))
    arrays = x, xp, separated((count,), draw(seeds))
    return Case(lambda x, xp, fp: np.interp(x, xp, fp, **ends), arrays, f"interp {x.shape} {count} {ends}")


CASES: dict[str, st.SearchStrategy[Case]] = {
    "convolve": slidings("convolve"),
    "correlate": slidings("correlate"),
    "vander": vanders(),
    "polyval": polyvals(),
    "interp": interps(),
}
"""A strategy for every operation with a derivative, by name."""

OWN_NUMBERS = frozenset({"interp"})
"""Operations with an input that has to be in ascending order."""
