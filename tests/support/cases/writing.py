"""Strategies for calls of operations that create arrays and write into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, indices, seeds, separated
from tracer.recording.tensor import Tensor


@st.composite
def writes(draw: Any) -> Case:
    shape, index = draw(indices())
    value = separated(np.zeros(shape)[index].shape, draw(seeds))
    if draw(st.booleans()):
        value = np.sum(value).reshape(())  # one number for all

    def function(x: Any, y: Any) -> Any:
        z = x.copy()
        z[index] = y
        return z

    return Case(function, (separated(shape, draw(seeds)), value), f"x[{index!r}] = y")


VIEWS: dict[str, Callable[[Any], Any]] = {
    "T": lambda x: x.T,
    "reshape": lambda x: x.reshape(-1),
    "swapaxes": lambda x: np.swapaxes(x, 0, -1),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "a row of the transpose": lambda x: x.T[0],
    "every other": lambda x: x[::2],
}
"""Views of an array in C order."""


@st.composite
def writes_through_views(draw: Any) -> Case:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3))
    name = draw(st.sampled_from(sorted(VIEWS)))

    def function(x: Any, y: Any) -> Any:
        z = np.copy(x, order="C")
        view = VIEWS[name](z)
        view *= 2.0
        view += y
        return z

    value = separated(VIEWS[name](np.zeros(shape)).shape, draw(seeds))
    return Case(function, (separated(shape, draw(seeds)), value), f"writing through {name}")


@st.composite
def additions_at(draw: Any) -> Case:
    shape, index = draw(indices())

    def function(x: Any, y: Any) -> Any:
        z = x.copy()
        np.add.at(z, index, y)
        np.subtract.at(z, index, y * y)
        return z

    return Case(
        function, (separated(shape, draw(seeds)), separated(np.zeros(shape)[index].shape, draw(seeds))), f"add.at {index!r}"
    )


@st.composite
def fills(draw: Any) -> Case:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    return Case(lambda x: np.full(shape, x, **like(x)), (separated((), draw(seeds)),), f"full({shape}, x)")


def like(x: Any) -> dict[str, Any]:
    """The argument `like` for a Tensor; none for an array."""
    return {"like": x} if isinstance(x, Tensor) else {}


CASES: dict[str, st.SearchStrategy[Case]] = {
    "write": writes(),
    "write_view": writes_through_views(),
    "add_at": additions_at(),
    "full": fills(),
    "copy": seeds.map(lambda seed: Case(lambda x: x.copy() * np.copy(x, order="F"), (separated((2, 3), seed),), "copy")),
}
"""A strategy for every operation with a derivative, by name."""

WITHOUT_GRADIENT: dict[str, Callable[..., Any]] = {
    "zeros": lambda x: np.zeros((2, 3), **like(x)),
    "ones": lambda x: np.ones((2, 3), dtype=np.float32, **like(x)),
    "empty": lambda x: np.zeros((2, 3)) if isinstance(x, np.ndarray) else np.empty((2, 3), like=x),
}
"""A function of an array for every operation without a derivative, by name."""
