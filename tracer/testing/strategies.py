"""Hypothesis strategies for arrays that expose wrong derivative rules.

They include ties and zeros, 0-d arrays, arrays of size 0 and 1, non-contiguous memory, square shapes (which hide a missing
transpose), shapes that broadcast both ways, the same array as several arguments, very large and very small numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tracer.ops.domain import REAL, Domain

SIMPLE = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0)
"""A few numbers, so that arrays of them have ties."""

EXTREME = (1e-8, -1e-8, 1e8, -1e8)

LAYOUTS = ("C", "Fortran", "every other", "backwards", "repeated")

DOMAIN_MARGIN = 1e-3
"""The smallest distance of a number to the boundary of a domain or to a pole."""

KINK_MARGIN = 1e-6
"""The smallest nonzero distance of a number to 0 or to a kink: finite differences cannot resolve less."""


def numbers(domain: Domain = REAL, *, extremes: bool = False, single: bool = False) -> st.SearchStrategy[float]:
    """Numbers in a domain: simple ones, its kinks, and any from -3 to 3; with `extremes` also +-1e-8 and +-1e8.

    With `single`, numbers are exact in single precision.
    """
    low, high = max(domain.low + DOMAIN_MARGIN, -3.0), min(domain.high - DOMAIN_MARGIN, 3.0)
    if low > high:  # a domain far from zero
        low = domain.low + DOMAIN_MARGIN if np.isfinite(domain.low) else domain.high - 6
        high = min(low + 6, domain.high - DOMAIN_MARGIN)
    known = [*SIMPLE, *domain.kinks, *(EXTREME if extremes else ())]
    inside = [number for number in known if domain.low < number < domain.high and number not in domain.poles]
    special = (0.0, *domain.kinks)
    anywhere = st.floats(float(np.float32(low)), float(np.float32(high)), width=32 if single else 64).filter(
        lambda number: (
            all(abs(number - pole) >= DOMAIN_MARGIN for pole in domain.poles)
            and all(number == point or abs(number - point) >= KINK_MARGIN for point in special)
        )
    )
    return st.one_of(st.sampled_from(inside), anywhere) if inside else anywhere


@st.composite
def arrays(
    draw: st.DrawFn,
    shape: tuple[int, ...] | st.SearchStrategy[tuple[int, ...]] | None = None,
    *,
    dtype: str = "float64",
    domain: Domain = REAL,
    min_dims: int = 0,
    max_dims: int = 3,
    min_side: int = 0,
    max_side: int = 3,
    extremes: bool = False,
) -> np.ndarray:
    """Floating-point arrays with elements in a domain, in various memory layouts, with ties and zeros.

    `shape` is a shape or a strategy for one. Without it, arrays have `min_dims` to `max_dims` axes of size `min_side` to
    `max_side`: 0-d, empty and square ones included.
    """
    if shape is None:
        shape = shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)
    sizes = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    elements = numbers(domain, extremes=extremes, single=dtype == "float32")
    array: np.ndarray = draw(hnp.arrays(dtype, sizes, elements=elements))
    return _laid_out(array, draw(st.sampled_from(LAYOUTS)))


def shapes(*, min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes with `min_dims` to `max_dims` axes of size `min_side` to `max_side`; square ones are frequent."""
    anything = hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)
    if max_dims < 2 or min_dims > 2:
        return anything
    return st.one_of(anything, st.integers(max(1, min_side), max_side).map(lambda side: (side, side)))


@st.composite
def broadcastable_arrays(
    draw: st.DrawFn,
    count: int = 2,
    *,
    dtype: str = "float64",
    domains: tuple[Domain, ...] = (),
    min_side: int = 0,
    max_dims: int = 3,
    max_side: int = 3,
    extremes: bool = False,
) -> tuple[np.ndarray, ...]:
    """Tuples of `count` arrays with shapes that broadcast, sometimes both ways; sometimes all are the same array.

    `domains` gives the domain of each; by default all are REAL.
    """
    given = domains or (REAL,) * count
    full = draw(shapes(max_dims=max_dims, min_side=min_side, max_side=max_side))
    drawn = [
        draw(arrays(draw(_broadcasts_to(full)) if count > 1 else full, dtype=dtype, domain=domain, extremes=extremes))
        for domain in given
    ]
    if count > 1 and len(set(given)) == 1 and draw(st.integers(0, 4)) == 4:
        drawn = [drawn[0]] * count
    return tuple(drawn)


@st.composite
def _broadcasts_to(draw: st.DrawFn, full: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to the full one: mostly itself, or with axes of size 1, or without leading axes."""
    sizes = tuple(1 if draw(st.integers(0, 3)) == 3 else size for size in full)
    dropped = draw(st.sampled_from((0, 0, 0, 1, len(full))))
    return sizes[dropped:]


def _laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """The same elements in another memory layout; `repeated` broadcasts the first row to all rows."""
    if not array.ndim or layout == "C":
        return array
    if layout == "Fortran":
        return np.asfortranarray(array)
    if layout == "every other":
        return np.repeat(array, 2, axis=0)[::2]
    if layout == "backwards":
        return np.ascontiguousarray(array[::-1])[::-1]
    return np.broadcast_to(array[:1], array.shape) if len(array) else array


def arguments_of(op: Any) -> st.SearchStrategy[tuple[np.ndarray, ...]]:
    """Arguments of an elementwise operation, drawn from its declared domain."""
    return broadcastable_arrays(len(op.domain), domains=op.domain, extremes=True)
