"""Strategies for norms."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.cases.linalg_matrices import matrices
from support.drawing import Case, seeds, separated, shapes
from tracer.ops.domain import Domain

VECTOR_ORDERS = (None, 2, 1, np.inf, -np.inf, 3, 2.5, 0.5, -1, 0)
MATRIX_ORDERS = (None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)


def vectors(draw: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of either sign, whose absolute values are far apart."""
    sizes = separated(shape, draw(seeds), Domain(low=0.0))
    return sizes * np.random.default_rng(draw(seeds)).choice([-1.0, 1.0], shape)


def without_ties(draw: Any, rows: int, columns: int, batch: tuple[int, ...]) -> np.ndarray:
    """Matrices with known singular values, and sums of absolute values of rows and of columns that are apart."""
    while True:
        x = matrices(draw, rows, columns, batch)
        sums = (np.sort(np.sum(np.abs(x), axis=axis), axis=-1) for axis in (-1, -2))
        if all(np.all(np.diff(each, axis=-1) > 0.02) for each in sums):
            return x


@st.composite
def norms(draw: Any) -> Case:
    keepdims = draw(st.booleans())
    if draw(st.booleans()):
        order = draw(st.sampled_from(VECTOR_ORDERS))
        shape = draw(shapes)
        axis = draw(st.integers(-len(shape), len(shape) - 1)) if shape else None
        if order is None and draw(st.booleans()):
            axis = None
        if axis is None:
            order = None
        x = vectors(draw, shape)
        return Case(lambda x: np.linalg.norm(x, order, axis, keepdims), (x,), f"norm {shape} {order} {axis} {keepdims}")
    order = draw(st.sampled_from(MATRIX_ORDERS))
    batch = draw(st.sampled_from([(), (2,)]))
    x = without_ties(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)), batch)
    axis = draw(st.sampled_from([None, (0, 1), (1, 0)])) if not batch else draw(st.sampled_from([(1, 2), (-1, -2)]))
    return Case(lambda x: np.linalg.norm(x, order, axis, keepdims), (x,), f"norm {x.shape} {order} {axis} {keepdims}")


@st.composite
def vector_norms(draw: Any) -> Case:
    order = draw(st.sampled_from(VECTOR_ORDERS[1:]))
    shape = draw(shapes)
    axis = draw(st.sampled_from([None, 0, (-1,), tuple(range(len(shape)))])) if shape else None
    x = vectors(draw, shape)
    keepdims = draw(st.booleans())
    return Case(
        lambda x: np.linalg.vector_norm(x, ord=order, axis=axis, keepdims=keepdims), (x,), f"vector_norm {shape} {order} {axis}"
    )


@st.composite
def matrix_norms(draw: Any) -> Case:
    order = draw(st.sampled_from(MATRIX_ORDERS[1:]))
    x = without_ties(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from([(), (2,)])))
    keepdims = draw(st.booleans())
    return Case(lambda x: np.linalg.matrix_norm(x, ord=order, keepdims=keepdims), (x,), f"matrix_norm {x.shape} {order}")


CASES: dict[str, st.SearchStrategy[Case]] = {"norm": norms(), "vector_norm": vector_norms(), "matrix_norm": matrix_norms()}
"""A strategy for every operation with a derivative, by name."""

OWN_NUMBERS = frozenset(CASES)
"""Norms have second derivatives at other numbers only: those at zeros and ties are in tests/test_linear_algebra.py."""
