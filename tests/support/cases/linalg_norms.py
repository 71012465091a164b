"""Strategies for norms."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.cases.linalg_matrices import matrices
from support.drawing import Case, seeds, separated, shapes

VECTOR_ORDERS = (None, 2, 1, np.inf, -np.inf, 3, 2.5, 0.5, -1, 0)
MATRIX_ORDERS = (None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)


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
        x = separated(shape, draw(seeds))
        return Case(lambda x: np.linalg.norm(x, order, axis, keepdims), (x,), f"norm {shape} {order} {axis} {keepdims}")
    order = draw(st.sampled_from(MATRIX_ORDERS))
    batch = draw(st.sampled_from([(), (2,)]))
    x = matrices(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)), batch)
    axis = draw(st.sampled_from([None, (0, 1), (1, 0)])) if not batch else draw(st.sampled_from([(1, 2), (-1, -2)]))
    return Case(lambda x: np.linalg.norm(x, order, axis, keepdims), (x,), f"norm {x.shape} {order} {axis} {keepdims}")


@st.composite
def vector_norms(draw: Any) -> Case:
    order = draw(st.sampled_from(VECTOR_ORDERS[1:]))
    shape = draw(shapes)
    axis = draw(st.sampled_from([None, 0, (-1,), tuple(range(len(shape)))])) if shape else None
    x = separated(shape, draw(seeds))
    keepdims = draw(st.booleans())
    return Case(
        lambda x: np.linalg.vector_norm(x, ord=order, axis=axis, keepdims=keepdims), (x,), f"vector_norm {shape} {order} {axis}"
    )


@st.composite
def matrix_norms(draw: Any) -> Case:
    order = draw(st.sampled_from(MATRIX_ORDERS[1:]))
    x = matrices(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from([(), (2,)])))
    keepdims = draw(st.booleans())
    return Case(lambda x: np.linalg.matrix_norm(x, ord=order, keepdims=keepdims), (x,), f"matrix_norm {x.shape} {order}")


CASES: dict[str, st.SearchStrategy[Case]] = {"norm": norms(), "vector_norm": vector_norms(), "matrix_norm": matrix_norms()}
"""A strategy for every operation with a derivative, by name."""

OWN_NUMBERS = frozenset(CASES)
"""Norms have second derivatives at other numbers only: those at zeros and ties are in tests/test_linear_algebra.py."""
