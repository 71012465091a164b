"""Strategies for calls of the functions that are recorded as the operations that NumPy computes them with."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, axes, seeds, separated

array_shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=4)
matrices = hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=4)


def positive(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Numbers from 0.3 to 1.5."""
    return np.random.default_rng(seed).uniform(0.3, 1.5, shape)


@st.composite
def averages(draw: Any) -> Case:
    shape = draw(array_shapes)
    x = separated(shape, draw(seeds))
    options: dict[str, Any] = {"axis": draw(axes(len(shape))), "keepdims": draw(st.booleans())}
    if options["axis"] == () or draw(st.booleans()):
        options["axis"] = draw(st.integers(-len(shape), len(shape) - 1))
        own = (shape[options["axis"]],)
        return Case(lambda x, w: np.average(x, weights=w, **options), (x, positive(own, draw(seeds))), f"average {options}")
    if draw(st.booleans()):
        return Case(lambda x: np.average(x, **options), (x,), f"average {options}")
    return Case(lambda x, w: np.average(x, weights=w, **options), (x, positive(shape, draw(seeds))), f"average {options}")


@st.composite
def covariances(draw: Any, name: str) -> Case:
    shape = draw(matrices)
    x = separated(shape, draw(seeds))
    function = getattr(np, name)
    rowvar = draw(st.booleans())
    if name == "corrcoef":
        return Case(lambda x: function(x, rowvar=rowvar), (np.random.default_rng(draw(seeds)).normal(size=(3, 5)),), name)
    kind = draw(st.sampled_from(["plain", "two", "weights", "vector"]))
    if kind == "two":
        return Case(lambda x, y: function(x, y, rowvar=rowvar), (x, separated(shape, draw(seeds))), "cov(x, y)")
    if kind == "weights":
        counts = np.arange(1, shape[1 if rowvar else 0] + 1)
        weights = positive(counts.shape, draw(seeds))
        return Case(lambda x, w: function(x, rowvar=rowvar, fweights=counts, aweights=w), (x, weights), "cov, weighted")
    if kind == "vector":
        return Case(lambda x: function(x, bias=True), (x[0],), "cov of a vector")
    return Case(lambda x: function(x, rowvar=rowvar, ddof=0), (x,), "cov, ddof=0")


@st.composite
def trapezoids(draw: Any) -> Case:
    shape = draw(array_shapes)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    y = separated(shape, draw(seeds))
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return Case(lambda y: np.trapezoid(y, dx=0.3, axis=axis), (y,), "trapezoid(y, dx=0.3)")
    own = (shape[axis],) if kind == 1 else shape
    return Case(lambda y, x: np.trapezoid(y, x, axis=axis), (y, separated(own, draw(seeds))), "trapezoid(y, x)")


@st.composite
def gradients(draw: Any) -> Case:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=3, max_side=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    order = draw(st.sampled_from([1, 2]))
    f = separated(shape, draw(seeds))
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return Case(lambda f: np.gradient(f, 0.7, axis=axis, edge_order=order), (f,), "gradient(f, 0.7)")
    if kind == 1:
        return Case(lambda f: np.stack(np.gradient(f, edge_order=order)) if f.ndim > 1 else np.gradient(f), (f,), "gradient(f)")
    places = np.cumsum(positive((shape[axis],), draw(seeds)))
    if kind == 2:
        return Case(lambda f: np.gradient(f, places, axis=axis, edge_order=order), (f,), "gradient(f, places)")
    return Case(lambda f, x: np.gradient(f, x, axis=axis, edge_order=order), (f, places), "gradient(f, x)")


@st.composite
def ediffs(draw: Any) -> Case:
    x, begin, end = separated(draw(array_shapes), draw(seeds)), separated((2,), draw(seeds)), separated((), draw(seeds))
    if draw(st.booleans()):
        return Case(np.ediff1d, (x,), "ediff1d(x)")
    return Case(lambda x, begin, end: np.ediff1d(x, end, begin), (x, begin, end), "ediff1d(x, end, begin)")


@st.composite
def uniques(draw: Any) -> Case:
    shape = draw(array_shapes)
    axis = draw(axes(len(shape), several=False))
    x = separated(shape, draw(seeds))
    if draw(st.booleans()):
        return Case(lambda x: np.unique(np.stack([x, x])), (x,), "unique(x and x)")
    return Case(lambda x: np.unique(x, axis=axis), (x,), f"unique(x, axis={axis})")


@st.composite
def cumulations(draw: Any, name: str) -> Case:
    shape = draw(array_shapes)
    options = {"axis": draw(st.integers(-len(shape), len(shape) - 1)), "include_initial": draw(st.booleans())}
    function = getattr(np, name)
    return Case(lambda x: function(x, **options), (separated(shape, draw(seeds)),), f"{name} {options}")


COMPOSED: dict[str, st.SearchStrategy[Case]] = {
    "average": averages(),
    "corrcoef": covariances("corrcoef"),
    "cov": covariances("cov"),
    "cumulative_prod": cumulations("cumulative_prod"),
    "cumulative_sum": cumulations("cumulative_sum"),
    "ediff1d": ediffs(),
    "gradient": gradients(),
    "trapezoid": trapezoids(),
    "unique": uniques(),
}
"""A strategy for every function that is recorded as several operations, by name."""
