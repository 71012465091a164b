"""Strategies for calls of functions of polynomials that are recorded as several operations."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.drawing import Case, seeds, separated


def real_zeros(count: int, seed: int) -> np.ndarray:
    """Numbers at least 0.4 apart."""
    rng = np.random.default_rng(seed)
    return rng.permutation(0.5 * np.arange(count) - 0.7 + rng.uniform(-0.05, 0.05, count))


@st.composite
def zeros_of(draw: Any) -> Case:
    zeros = real_zeros(draw(st.integers(1, 4)), draw(seeds))
    if draw(st.booleans()):
        return Case(np.poly, (zeros,), "poly(zeros)")
    matrix = np.diag(zeros) + 0.05 * separated((len(zeros), len(zeros)), draw(seeds))
    return Case(np.poly, (matrix,), "poly(matrix)")


@st.composite
def roots(draw: Any) -> Case:
    p = np.poly(real_zeros(draw(st.integers(1, 4)), draw(seeds)))
    kind = draw(st.sampled_from(["plain", "zeros", "complex"]))
    if kind == "zeros":
        return Case(lambda p: np.sort(np.roots(np.concatenate(([0.0], p, [0.0, 0.0])))), (p,), "roots, with zeros around p")
    if kind == "complex":
        return Case(lambda p: np.abs(np.roots(p)), (np.array([1.3, 0.4, 2.0]),), "abs(roots(p)), complex")
    return Case(lambda p: np.sort(np.roots(p)), (p,), "roots(p)")


@st.composite
def of_two(draw: Any, name: str) -> Case:
    counts = draw(st.sampled_from([(3, 3), (4, 2), (1, 4), (3, 1)]))
    one, other = (separated((count,), draw(seeds)) for count in counts)
    function = getattr(np, name)
    if name == "polydiv":
        one, other = separated((max(counts),), draw(seeds)), separated((min(counts),), draw(seeds)) + 2.5
        part = draw(st.integers(0, 1))
        return Case(lambda u, v: function(u, v)[part], (one, other), f"polydiv [{part}]")
    return Case(function, (one, other), f"{name} of {counts} coefficients")


@st.composite
def calculus(draw: Any, name: str) -> Case:
    p, order = separated((draw(st.integers(1, 5)),), draw(seeds)), draw(st.integers(1, 3))
    function = getattr(np, name)
    if name == "polyint" and draw(st.booleans()):
        constants = separated((draw(st.sampled_from([1, order])),), draw(seeds))
        return Case(lambda p, k: function(p, order, k), (p, constants), f"polyint of order {order} with constants")
    if name == "polyder":
        order = min(order, len(p) - 1)
    return Case(lambda p: function(p, order), (p,), f"{name} of order {order}")


@st.composite
def fits(draw: Any) -> Case:
    degree, columns = draw(st.integers(0, 2)), draw(st.sampled_from([(), (2,)]))
    x, y = real_zeros(5, draw(seeds)), separated((5, *columns), draw(seeds))
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return Case(lambda y: np.polyfit(x, y, degree), (y,), f"polyfit(x, y, {degree}), with constant x")
    if kind == 1:
        w = np.random.default_rng(draw(seeds)).uniform(0.5, 1.5, 5)
        return Case(lambda x, y, w: np.polyfit(x, y, degree, w=w), (x, y, w), f"polyfit(x, y, {degree}, w=w)")
    if kind == 2:
        part = draw(st.integers(0, 1))
        return Case(lambda x, y: np.polyfit(x, y, degree, cov="unscaled")[part], (x, y), f"polyfit, cov [{part}]")
    return Case(lambda x, y: np.polyfit(x, y, degree), (x, y), f"polyfit(x, y, {degree})")


COMPOSED: dict[str, st.SearchStrategy[Case]] = {
    "poly": zeros_of(),
    "polyadd": of_two("polyadd"),
    "polyder": calculus("polyder"),
    "polydiv": of_two("polydiv"),
    "polyfit": fits(),
    "polyint": calculus("polyint"),
    "polymul": of_two("polymul"),
    "polysub": of_two("polysub"),
    "roots": roots(),
}
"""A strategy for every function, by name."""
