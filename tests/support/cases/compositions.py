"""Strategies for calls of the functions that are recorded as the operations that NumPy computes them with."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.cases import composed_polynomials
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


@st.composite
def ranges(draw: Any, name: str) -> Case:
    shape = draw(st.sampled_from([(), (2,), (2, 3)]))
    start, stop = positive(shape, draw(seeds)), positive(shape, draw(seeds)) + 2
    options: dict[str, Any] = {"num": draw(st.integers(1, 4)), "endpoint": draw(st.booleans())}
    options["axis"] = draw(st.integers(-len(shape) - 1, len(shape)))
    function = getattr(np, name)
    if name == "logspace" and draw(st.booleans()):
        base = positive((), draw(seeds)) + 1
        return Case(lambda a, b, base: function(a, b, base=base, **options), (start, stop, base), f"{name} with a base {options}")
    sign = draw(st.sampled_from([1.0, -1.0]))
    return Case(lambda a, b: function(sign * a, sign * b, **options), (start, stop), f"{name} {options}")


@st.composite
def bin_edges(draw: Any) -> Case:
    x = separated((5,), draw(seeds))
    if draw(st.booleans()):
        return Case(lambda x: np.histogram_bin_edges(x, bins=3), (x,), "histogram_bin_edges(x, 3)")
    return Case(lambda x, low: np.histogram_bin_edges(x, 4, (low, 5.0)), (x, np.array(-4.2)), "histogram_bin_edges with a range")


@st.composite
def piecewises(draw: Any) -> Case:
    x = separated(draw(array_shapes), draw(seeds))
    if draw(st.booleans()):
        return Case(
            lambda x, y: np.piecewise(x, [x < 0, x > 0.5], [lambda a: a * a, 2.0, lambda a: np.exp(a)]) * y,
            (x, separated(x.shape, draw(seeds))),
            "piecewise of two conditions and one for the rest",
        )
    x = np.ravel(x)
    return Case(lambda x: np.piecewise(x, x > 0, [lambda a, b, c: a * b + c] * 2, 3.0, c=1.0), (x,), "piecewise of one condition")


@st.composite
def along_axes(draw: Any, name: str) -> Case:
    shape = draw(array_shapes)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    x = separated(shape, draw(seeds))
    if name == "apply_over_axes":
        return Case(lambda x: np.apply_over_axes(np.sum, x, sorted({0, axis % len(shape)})), (x,), f"{name} {axis}")
    functions = [lambda row: np.sum(row * row), lambda row: row[::-1] * row[0], lambda row: np.outer(row, row)]
    function = draw(st.sampled_from(functions))
    return Case(lambda x: np.apply_along_axis(function, axis, x), (x,), f"{name} {axis}")


@st.composite
def sets(draw: Any, name: str) -> Case:
    x, y = separated((4,), draw(seeds)), separated((3,), draw(seeds))
    function = getattr(np, name)
    if name == "intersect1d" and draw(st.booleans()):
        return Case(lambda x: function(x[:3], x[1:], return_indices=True)[0], (x,), "intersect1d with indices")
    if name in ("setdiff1d", "intersect1d"):
        return Case(lambda x: function(x[:3], x[1:]), (x,), f"{name} of parts of x")
    return Case(lambda x, y: function(np.concatenate([x, y]), y), (x, y), f"{name} of x and y, and y")


@st.composite
def distincts(draw: Any, name: str) -> Case:
    x, function = separated(draw(array_shapes), draw(seeds)), getattr(np, name)
    values = (lambda found: found) if name == "unique_values" else (lambda found: found.values)
    return Case(lambda x: values(function(np.stack([x, x]))), (x,), f"{name}(x and x)")


@st.composite
def trims(draw: Any) -> Case:
    shape = draw(array_shapes)
    sides, axis = draw(st.sampled_from(["fb", "f", "b"])), draw(axes(len(shape), several=False))
    x = separated(shape, draw(seeds))
    return Case(lambda x: np.trim_zeros(np.pad(x, 2), sides, axis=axis), (x,), f"trim_zeros {sides} {axis}")


@st.composite
def complex_sorts(draw: Any) -> Case:
    return Case(lambda x: np.real(np.sort_complex(x) * (1 + 0.5j)), (separated(draw(array_shapes), draw(seeds)),), "sort_complex")


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
    **{name: ranges(name) for name in ("logspace", "geomspace")},
    "histogram_bin_edges": bin_edges(),
    "piecewise": piecewises(),
    **{name: along_axes(name) for name in ("apply_along_axis", "apply_over_axes")},
    **{name: sets(name) for name in ("intersect1d", "setdiff1d", "setxor1d", "union1d")},
    **{name: distincts(name) for name in ("unique_all", "unique_counts", "unique_inverse", "unique_values")},
    "trim_zeros": trims(),
    "sort_complex": complex_sorts(),
    **composed_polynomials.COMPOSED,
}
"""A strategy for every function that is recorded as several operations, by name."""
