"""Strategies for calls of reductions, statistics, running sums and products, differences and searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, axes, seeds, separated, shapes
from tracer.ops.families.statistical.quantiles import QuantileWeights
from tracer.ops.families.statistical.searching import Unique

array_shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)

METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "linear",
    "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip


@st.composite
def masks(draw: Any, shape: tuple[int, ...], axis: Any) -> np.ndarray:
    """A mask that is true somewhere in every slice that is reduced, at times of a shape that broadcasts."""
    own = shape[draw(st.integers(0, len(shape))) :]
    mask = np.random.default_rng(draw(seeds)).random(own) < 0.6
    counts = np.sum(np.broadcast_to(mask, shape), axis=axis, keepdims=True)
    return mask if np.all(counts > 1) else np.ones(shape, dtype=bool)


@st.composite
def reductions(draw: Any, name: str) -> Case:
    """A reduction, at times of masked elements, with an initial value, in another dtype."""
    function = getattr(np, name)
    shape = draw(shapes)
    options: dict[str, Any] = {"axis": draw(axes(len(shape))), "keepdims": draw(st.booleans())}
    x = separated(shape, draw(seeds))
    if name in ("var", "std", "nanvar", "nanstd"):
        reduced = options["axis"]
        picked = range(len(shape)) if reduced is None else np.atleast_1d(np.array(reduced, dtype=int)) % max(1, len(shape))
        count = int(np.prod([shape[axis] for axis in picked]))
        options["ddof"] = draw(st.sampled_from([0, 1])) if count > 1 else 0
        if name in ("std", "nanstd") and count == 1:
            # The standard deviation of one number has a kink: see test_ops.py.
            return Case(getattr(np, name), (np.arange(3.0),), name)
    if name != "ptp" and draw(st.integers(0, 2)) == 2:
        options["where"] = draw(masks(shape, options["axis"]))
        if name.endswith(("max", "min")):
            options["initial"] = -np.inf if name.endswith("max") else np.inf
    if name.endswith(("sum", "prod", "max", "min")) and draw(st.integers(0, 2)) == 2:
        options["initial"] = draw(st.sampled_from([-1.37, 0.531, 2.0] + ([0.0] if name.endswith(("max", "min")) else [])))
    if not name.endswith(("max", "min", "ptp")) and draw(st.integers(0, 2)) == 2:
        options["dtype"] = np.float64
    if name.startswith("nan"):
        return Case(with_nan(draw, lambda x: function(x, **options), x, options), (x,), f"{name}(x with NaN, {options})")
    return Case(lambda x: function(x, **options), (x,), f"{name}(x, {options})")


def with_nan(draw: Any, function: Callable[..., Any], x: np.ndarray, options: dict[str, Any]) -> Callable[..., Any]:
    """The function of an array in which some elements are replaced by NaN, but not all that are reduced to one."""
    missing = np.random.default_rng(draw(seeds)).random(x.shape) < 0.3
    counted = np.logical_and(~missing, options.get("where", True))
    axis = options.get("axis")
    if not np.all(np.sum(counted, axis=axis, keepdims=True) > 1):
        missing = np.zeros(x.shape, dtype=bool)
    return lambda x: function(np.where(missing, np.nan, x))


@st.composite
def prods(draw: Any, name: str = "prod") -> Case:
    case = draw(reductions(name))
    x = case.arrays[0].copy()
    if x.size and draw(st.booleans()):
        x.flat[draw(st.integers(0, x.size - 1))] = 0.0  # a product has no kink at zeros
        x.flat[draw(st.integers(0, x.size - 1))] = 0.0
    return Case(case.function, (x,), case.description)


@st.composite
def scans(draw: Any, name: str) -> Case:
    shape = draw(array_shapes)
    x = separated(shape, draw(seeds))
    if draw(st.booleans()):
        x.flat[draw(st.integers(0, x.size - 1))] = 0.0
    function = getattr(np, name)
    options: dict[str, Any] = {"axis": draw(axes(len(shape), several=False, none=True))}
    if name.startswith("nan"):
        missing = np.random.default_rng(draw(seeds)).random(shape) < 0.3
        return Case(lambda x: function(np.where(missing, np.nan, x), **options), (x,), f"{name}(x with NaN, {options})")
    return Case(lambda x: function(x, **options), (x,), f"{name}(x, {options})")


@st.composite
def diffs(draw: Any) -> Case:
    shape = draw(array_shapes)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    n = draw(st.integers(0, 3))
    x = separated(shape, draw(seeds))
    if n == 0 or draw(st.booleans()):
        return Case(lambda x: np.diff(x, n, axis), (x,), f"diff(x, {n}, {axis})")
    before, after = ([*shape], [*shape])
    before[axis], after[axis] = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    ends = tuple(separated(() if draw(st.booleans()) else tuple(each), draw(seeds)) for each in (before, after))
    if draw(st.booleans()):
        return Case(lambda x, end: np.diff(x, n, axis, append=end), (x, ends[0]), f"diff(x, {n}, {axis}, append)")
    return Case(lambda x, *ends: np.diff(x, n, axis, *ends), (x, *ends), f"diff(x, {n}, {axis}, prepend, append)")


@st.composite
def quantiles(draw: Any, name: str) -> Case:
    shape = draw(array_shapes)
    x = separated(shape, draw(seeds))
    options: dict[str, Any] = {"axis": draw(axes(len(shape))), "keepdims": draw(st.booleans())}
    if options["axis"] == ():
        options["axis"] = None
    function = getattr(np, name)
    if not name.endswith("median"):
        scale = 100 if name.endswith("percentile") else 1
        flat = [0.3, 0.52, 1.0, 0.0, [0.25, 0.75], [0.13]]
        is_refused = name.startswith("nan") and isinstance(options["axis"], tuple) and len(options["axis"]) > 1
        q = draw(st.sampled_from(flat if is_refused else [*flat, [[0.1], [0.91]]]))
        options["q"] = (np.array(q) * scale).tolist()
        options["method"] = draw(st.sampled_from(METHODS))
    if name.startswith("nan"):
        return Case(with_nan(draw, lambda x: function(x, **options), x, options), (x,), f"{name}(x with NaN, {options})")
    return Case(lambda x: function(x, **options), (x,), f"{name}(x, {options})")


@st.composite
def bincounts(draw: Any) -> Case:
    """The numbers that are counted have no gradient."""
    count = draw(st.integers(1, 6))
    numbers = np.random.default_rng(draw(seeds)).integers(0, 5, count)
    least = draw(st.sampled_from([0, 7]))
    return Case(lambda w: np.bincount(numbers, w, least), (separated((count,), draw(seeds)),), f"bincount({numbers}, w, {least})")


CASES: dict[str, st.SearchStrategy[Case]] = {
    **{
        name: reductions(name)
        for name in (
            "sum",
            "mean",
            "max",
            "min",
            "var",
            "std",
            "ptp",
            "nansum",
            "nanmean",
            "nanmax",
            "nanmin",
            "nanvar",
            "nanstd",
        )
    },
    **{name: prods(name) for name in ("prod", "nanprod")},
    **{name: scans(name) for name in ("cumsum", "cumprod", "nancumsum", "nancumprod")},
    "bincount": bincounts(),
    "diff": diffs(),
    **{name: quantiles(name) for name in ("median", "quantile", "percentile", "nanmedian", "nanquantile", "nanpercentile")},
}
"""A strategy for every operation with a derivative, by name."""

WITHOUT_GRADIENT: dict[str, Callable[..., Any]] = {
    "all": lambda x: np.all(x > 0, axis=1),
    "any": lambda x: np.any(x > 0, axis=0, keepdims=True),
    "argmax": lambda x: np.argmax(x, axis=-1),
    "argmin": lambda x: np.argmin(x, keepdims=True),
    "argwhere": lambda x: np.argwhere(x > 0),
    "count_nonzero": lambda x: np.count_nonzero(x > 0, axis=1),
    "digitize": lambda x: np.digitize(x, np.array([-0.3, 0.0, 0.3])),
    "flatnonzero": lambda x: np.flatnonzero(x > 0),
    "nanargmax": lambda x: np.nanargmax(x, keepdims=True),
    "nanargmin": lambda x: np.nanargmin(x),
    "nonzero": lambda x: np.nonzero(x > 0)[1],
    "quantile_weights": lambda x: QuantileWeights.apply(x, of="quantile", q=[0.2, 0.5], axis=(1,), method="linear"),
    "searchsorted": lambda x: np.searchsorted(np.array([-0.3, 0.0, 0.3]), x, side="right"),
    "unique": lambda x: Unique.apply(x, returned="inverse", axis=None, equal_nan=True),
}
"""A function of an array for every operation without a derivative, by name."""
