"""Operations that shape, join, split and sort arrays: forms of their calls, and sizes that an untrusted file may claim."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer.ops import registry

X = np.array([[3.0, 1.0, 2.0], [0.5, -1.0, 4.0]])


def traced(function: Any) -> tuple[np.ndarray, np.ndarray]:
    """The value of a function of X, and the gradient of the sum of its products with 1, 2, 3, ..."""
    kept = []

    def program(x: Any) -> Any:
        value = function(x)
        kept.append(value.value)
        return np.sum(value * np.arange(1.0, value.size + 1).reshape(value.shape))

    gradient = tracer.trace(program, X).gradient("x")
    return kept[0], gradient


@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
def test_order_of_elements_is_that_of_the_memory(order: str) -> None:
    for function in (lambda x: x.T.ravel(order), lambda x: x.T.flatten(order)):
        value, gradient = traced(function)
        np.testing.assert_array_equal(value, function(X))
        places = function(np.arange(X.size).reshape(X.shape))
        expected = np.zeros(X.size)
        expected[places.ravel()] = np.arange(1.0, places.size + 1)
        np.testing.assert_array_equal(gradient.ravel(), expected)


def test_an_order_that_the_memory_does_not_have_is_refused() -> None:
    with pytest.raises(tracer.RecordingError, match="write order='C', or transpose"):
        tracer.trace(lambda x: np.sum(np.ravel(np.moveaxis(x, 0, 1), order="K")), np.ones((2, 3, 4)))


def test_lists_with_recorded_numbers_are_joined() -> None:
    value, gradient = traced(lambda x: np.append(x[0], [x[1, 0], 7.0]))
    np.testing.assert_array_equal(value, [3, 1, 2, 0.5, 7])
    np.testing.assert_array_equal(gradient, [[1, 2, 3], [4, 0, 0]])
    value, _ = traced(lambda x: np.hstack([[x[0, 0], 1.0], x[1]]))
    np.testing.assert_array_equal(value, [3, 1, 0.5, -1, 4])


def test_equal_elements_have_the_gradients_of_a_stable_sort() -> None:
    step = tracer.trace(lambda x: np.sum(np.sort(x) * np.array([1.0, 2.0, 3.0, 4.0])), np.array([2.0, 1.0, 2.0, 1.0]))
    np.testing.assert_array_equal(step.gradient("x"), [3, 1, 4, 2])


def test_flatten_is_a_copy() -> None:
    def program(x: Any) -> Any:
        y = x * 1
        flat = y.flatten()
        flat[0] = 100.0
        return np.sum(y)

    assert tracer.trace(program, X).loss == np.sum(X)


LARGE = 10**12


@pytest.mark.parametrize(
    ("name", "shapes", "parameters", "result"),
    [
        ("pad", [(3,)], {"pad_width": [[0, LARGE]], "mode": "constant"}, (4,)),
        ("tile", [(3,)], {"reps": [LARGE]}, (3,)),
        ("tile", [(3,)], {"reps": [LARGE, 0]}, (LARGE, 0)),
        ("resize", [(3,)], {"shape": [LARGE]}, (3,)),
        ("repeat", [(3,), ()], {"axis": None, "length": LARGE}, (3,)),
        ("take_at", [(3, 2), (LARGE,)], {"axis": 0}, (3, 2)),
        ("take_along_axis", [(1, LARGE), (LARGE, 1)], {"axis": 1}, (3,)),
        ("diag", [(3,)], {"k": LARGE}, (3, 3)),
        ("diagflat", [(3,)], {"k": LARGE}, (3, 3)),
        ("triu", [(0, LARGE, LARGE)], {}, (0, LARGE, LARGE)),
        ("sliding_window_view", [(3,)], {"window_shape": [2], "axis": [0]}, (LARGE, 2)),
        ("insert", [(0, LARGE), (), ()], {"axis": 0, "count": LARGE}, (3, LARGE)),
        ("delete", [(0, LARGE), ()], {"axis": 1}, (0, LARGE)),
        ("block", [(3,), (3,)], {"layout": [0, 1]}, (LARGE,)),
        ("select", [(), (10**6, 1), (1, 10**6)], {}, (3,)),
        ("choose", [(10**6, 1), (1, 10**6)], {}, (3,)),
        ("meshgrid", [(3,)], {"shape": [LARGE, 3], "along": 1, "part": 0}, (3,)),
        ("broadcast_arrays", [(3,)], {"shape": [LARGE, 3], "part": 0}, (3,)),
        ("linspace", [(), ()], {"num": LARGE, "endpoint": True}, (3,)),
        ("zeros_like", [(3,)], {"shape": [LARGE]}, (3,)),
        ("full_like", [(3,), ()], {"shape": [LARGE]}, (3,)),
    ],
)
def test_a_file_cannot_claim_more_than_it_holds(name: str, shapes: Any, parameters: Any, result: Any) -> None:
    """Sizes are looked at before anything is computed."""
    op = registry.named(name)
    assert op is not None
    assert not op.accepts_shapes(shapes, parameters, result)


@pytest.mark.parametrize("counts", [[2**62] * 4, [LARGE, 0], [1, 1]])
def test_counts_of_repeat_that_do_not_fit_are_refused(counts: list[int]) -> None:
    op = registry.named("repeat")
    assert op is not None
    with pytest.raises(ValueError, match=r"expected along the axis|too large"):
        op.value(np.ones(len(counts)), np.array(counts), axis=0, length=4)
