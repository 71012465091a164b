"""Gradients among the values of a program: found together as one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tracer.graph.own_gradients import agreement, is_gradient_name
from tracer.programs.steps.computed import MAX_SIZE, Computed

NUMBERS = st.sampled_from([0.0, 1.0, 1.0 + 9e-7, 1.0 + 3e-6, -1.0, 1e300, np.nan, np.inf])
SHAPES = st.sampled_from([(2,), (1, 2), (2, 1), (3,), (1,), ()])
ARRAYS = SHAPES.flatmap(lambda shape: arrays(np.float64, shape, elements=NUMBERS))
NAMES = st.sampled_from(["", "dW", "W_grad", "W", "db"])


@given(st.lists(st.tuples(ARRAYS, NAMES), max_size=8), ARRAYS.filter(lambda array: array.size > 1))
def test_together_as_one_by_one(values: list[tuple[np.ndarray, str]], true: np.ndarray) -> None:
    computed = Computed({id: array for id, (array, _) in enumerate(values)}, {id: name for id, (_, name) in enumerate(values)})
    alike = [id for id, (array, _) in enumerate(values) if array.size == true.size]
    assert computed.same_as(true) == [id for id in alike if agreement(values[id][0], true).is_same]
    assert computed.named_as_gradient_of("W", true.size) == [id for id in alike if is_gradient_name(values[id][1], "W")]


def test_large_arrays() -> None:
    true = np.linspace(0, 1, MAX_SIZE + 1)
    assert Computed({0: true + 1, 1: true.copy(), 2: true[:-1]}, {0: "", 1: "", 2: ""}).same_as(true) == [1]
