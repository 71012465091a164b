"""Strategies for products of vectors, matrices and tensors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, seeds, separated, shapes


def _arrays(draw: Any, *sizes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    return tuple(separated(shape, draw(seeds)) for shape in sizes)


@st.composite
def inners(draw: Any) -> Case:
    last = draw(st.integers(1, 3))
    sizes = draw(st.sampled_from([((last,), (last,)), ((2, last), (last,)), ((last,), (2, last)), ((2, last), (3, 1, last)),
                                  ((), (2, last)), ((last,), ()), ((3, last), (3, last))]))  # fmt: skip
    return Case(np.inner, _arrays(draw, *sizes), f"inner {sizes}")


@st.composite
def vdots(draw: Any) -> Case:
    shape = draw(shapes)
    other = draw(st.sampled_from([shape, shape[::-1], (int(np.prod(shape)),)]))
    return Case(np.vdot, _arrays(draw, shape, other), f"vdot {shape} {other}")


@st.composite
def gufuncs(draw: Any, name: str) -> Case:
    function = getattr(np, name)
    drawn = draw(hnp.mutually_broadcastable_shapes(signature=function.signature, max_dims=2, max_side=3))
    return Case(function, _arrays(draw, *drawn.input_shapes), name)


@st.composite
def vecdots(draw: Any) -> Case:
    if draw(st.booleans()):
        return draw(gufuncs("vecdot"))
    sizes, axis = draw(st.sampled_from([(((2, 3), (2, 3)), 0), (((2, 3, 1), (3, 2)), -2), (((3, 2), (2, 3, 1)), -2)]))
    return Case(lambda x, y: np.linalg.vecdot(x, y, axis=axis), _arrays(draw, *sizes), f"vecdot {sizes} axis={axis}")


TENSORDOTS: tuple[tuple[tuple[int, ...], tuple[int, ...], Any], ...] = (
    ((2, 3), (3, 2), 1), ((2, 3), (2, 3), 2), ((2,), (3,), 0), ((2, 3, 1), (3, 2), ([1, 0], [0, 1])), ((2, 3), (2,), (0, 0)),
    ((2, 3, 2), (2, 3), ([-2, -1], [1, 0])), ((3, 3), (3, 3), ([0], [-1])), ((3, 3), (3, 3), 1), ((3, 2, 2), (2, 2, 3), 2),
)  # fmt: skip


@st.composite
def tensordots(draw: Any) -> Case:
    left, right, axes = draw(st.sampled_from(TENSORDOTS))
    function = draw(st.sampled_from([np.tensordot, np.linalg.tensordot]))
    return Case(lambda x, y: function(x, y, axes=axes), _arrays(draw, left, right), f"tensordot {left} {right} {axes}")


@st.composite
def vector_outers(draw: Any) -> Case:
    return Case(np.linalg.outer, _arrays(draw, (draw(st.integers(1, 3)),), (draw(st.integers(1, 3)),)), "linalg.outer")


@st.composite
def krons(draw: Any) -> Case:
    return Case(np.kron, _arrays(draw, draw(shapes), draw(shapes)), "kron")


CROSSES: tuple[tuple[Callable[..., Any], tuple[int, ...], tuple[int, ...]], ...] = (
    (np.cross, (3,), (3,)),
    (np.cross, (2, 3), (2, 3)),
    (np.cross, (2, 1, 3), (2, 3)),
    (np.cross, (3,), (3, 3)),
    (lambda x, y: np.cross(x, y, axis=0), (3, 2), (3, 2)),
    (lambda x, y: np.cross(x, y, 0, 1, 0), (3, 2), (2, 3)),
    (lambda x, y: np.cross(x, y, axisa=0, axisc=1), (3, 2, 1), (2, 2, 3)),
)


@st.composite
def crosses(draw: Any) -> Case:
    function, left, right = draw(st.sampled_from(CROSSES))
    return Case(function, _arrays(draw, left, right), f"cross {left} {right}")


@st.composite
def vector_crosses(draw: Any) -> Case:
    left, right, axis = draw(st.sampled_from([((3,), (3,), -1), ((2, 3), (3,), -1), ((3, 2), (3, 2), 0), ((3, 3), (3, 3), 0)]))
    return Case(lambda x, y: np.linalg.cross(x, y, axis=axis), _arrays(draw, left, right), f"linalg.cross {left} {right} {axis}")


@st.composite
def multi_dots(draw: Any) -> Case:
    sizes = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(3, 5)))]
    matrices: list[tuple[int, ...]] = list(pairwise(sizes))
    if draw(st.booleans()):
        matrices[0] = matrices[0][1:]
    if draw(st.booleans()):
        matrices[-1] = matrices[-1][:1]
    return Case(lambda *arrays: np.linalg.multi_dot(arrays), _arrays(draw, *matrices), f"multi_dot {matrices}")


CASES: dict[str, st.SearchStrategy[Case]] = {
    "inner": inners(),
    "vdot": vdots(),
    "vecdot": vecdots(),
    **{name: gufuncs(name) for name in ("matvec", "vecmat") if hasattr(np, name)},
    "tensordot": tensordots(),
    "vector_outer": vector_outers(),
    "kron": krons(),
    "cross": crosses(),
    "vector_cross": vector_crosses(),
    "multi_dot": multi_dots(),
}
"""A strategy for every operation with a derivative, by name."""
