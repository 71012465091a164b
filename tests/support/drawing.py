"""What the strategies for calls of operations are made of: cases, numbers that are far apart, axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tracer.ops.domain import REAL, Domain
from tracer.testing import shapes as shapes_with_squares


@dataclass(frozen=True)
class Case:
    """A function that uses NumPy's interface, and arrays to call it with."""

    function: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    description: str = ""

    def __repr__(self) -> str:
        return f"Case({self.description}, shapes={[array.shape for array in self.arrays]}, arrays={self.arrays})"


def separated(shape: tuple[int, ...], seed: int, domain: Domain = REAL) -> np.ndarray:
    """Distinct numbers at least 0.2 apart, in random order, half of them negative if the domain allows.

    In a domain with two ends they are spread evenly between them.
    """
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    low = max(domain.low, -1e9)
    start = low + 0.3 if np.isfinite(domain.low) else -0.2 * (size // 2) - 0.1
    if np.isfinite(domain.high):
        between = domain.low + (domain.high - domain.low) * np.linspace(0.07, 0.93, size)
        return rng.permutation(between + rng.uniform(-0.01, 0.01, size)).reshape(shape)
    numbers = start + 0.2 * np.arange(size) + rng.uniform(-0.03, 0.03, size)
    return rng.permutation(numbers).reshape(shape)


seeds = st.integers(0, 2**20)
shapes = shapes_with_squares(min_side=1)


def axes(rank: int, *, several: bool = True, none: bool = True) -> st.SearchStrategy[Any]:
    """None, one axis counted from either end, or a tuple of distinct axes."""
    choices = [st.none()] if none or not rank else []
    if rank:
        choices.append(st.integers(-rank, rank - 1))
        if several:
            subsets = st.lists(st.integers(0, rank - 1), unique=True, max_size=rank)
            choices.append(subsets.map(lambda picked: tuple(axis - rank if axis % 2 else axis for axis in picked)))
    return st.one_of(choices)


@st.composite
def indices(draw: Any) -> tuple[tuple[int, ...], Any]:
    """A shape and an index into it; integer arrays may select an element twice."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3))
    kind = draw(st.sampled_from(["basic", "integers", "booleans", "mixed", "several"]))
    if kind == "basic":
        return shape, draw(hnp.basic_indices(shape, allow_newaxis=True))
    if kind == "integers":
        return shape, draw(hnp.integer_array_indices(shape))
    if kind == "booleans":
        return shape, np.random.default_rng(draw(seeds)).random(shape) < 0.6
    if kind == "several":
        return shape, draw(indices_along_axes(shape))
    rows = draw(st.lists(st.integers(-shape[0], shape[0] - 1), min_size=1, max_size=4))
    return shape, ((rows, ..., None) if len(shape) > 1 else (rows,))


@st.composite
def indices_along_axes(draw: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """An index with a number, slice, array of integers or mask for each of the first axes, and new axes between them."""
    parts: list[Any] = []
    for size in shape[: draw(st.integers(1, len(shape)))]:
        kinds: list[Any] = [
            st.integers(-size, size - 1), st.just(slice(None)), st.just(slice(None, None, -1)), st.just(np.arange(size) < 1),
            *(hnp.arrays(np.int64, sides, elements=st.integers(-size, size - 1)) for sides in [(), (2,), (2, 1), (1, 2)]),
        ]  # fmt: skip
        parts.append(draw(st.one_of(kinds)))
        parts += [None] if draw(st.integers(0, 4)) == 4 else []
    if draw(st.booleans()):
        is_whole = sum(part is not None for part in parts) == len(shape)
        parts.insert(draw(st.integers(0, len(parts))) if is_whole else len(parts), ...)
    return tuple(parts)
