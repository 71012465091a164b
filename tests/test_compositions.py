"""Functions that are recorded as several operations: values, dtypes, arguments, and gradients of both orders."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from support.cases.compositions import COMPOSED
from support.functions import weighted
from tracer.graph.record import Phase
from tracer.ops.compositions import COMPOSITIONS
from tracer.recording.recorder import Recorder
from tracer.testing import assert_gradients


def recorded(*arrays: np.ndarray) -> list[Any]:
    recorder = Recorder()
    tensors = [recorder.leaf("parameter", f"x{position}", array) for position, array in enumerate(arrays)]
    recorder.enter(Phase.FORWARD)
    return tensors


def test_every_composition_is_tested() -> None:
    assert sorted(COMPOSED) == sorted(function.__name__ for function in COMPOSITIONS)


@pytest.mark.parametrize("name", sorted(COMPOSED))
@given(data=st.data())
def test_value_equals_numpys_bit_for_bit(name: str, data: st.DataObject) -> None:
    case = data.draw(COMPOSED[name])
    arrays = [np.array(array, order="C") for array in case.arrays]
    expected, found = np.asarray(case.function(*arrays)), case.function(*recorded(*arrays))
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    if case.description == "gradient(f, x)":
        np.testing.assert_allclose(found.value, expected, rtol=1e-13, atol=1e-13)  # see its docstring
    else:
        assert np.asarray(found.value).tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", sorted(COMPOSED))
@given(data=st.data())
@settings(max_examples=15)
def test_dtype_equals_numpys_in_single_precision(name: str, data: st.DataObject) -> None:
    case = data.draw(COMPOSED[name])
    arrays = [array.astype(np.float32) for array in case.arrays]
    expected = np.asarray(case.function(*arrays))
    found = case.function(*recorded(*arrays))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found.value, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", sorted(COMPOSED))
@given(data=st.data())
@settings(max_examples=25)
def test_first_and_second_order_derivatives(name: str, data: st.DataObject) -> None:
    case = data.draw(COMPOSED[name])
    assert_gradients(weighted(case.function, len(case.arrays)), *case.arrays, second_order=True)


def test_average_returns_the_sum_of_weights() -> None:
    x, w = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 4.0])
    t, u = recorded(x, w)
    for found, expected in zip(np.average(t, 1, u, True), np.average(x, 1, w, True), strict=True):
        np.testing.assert_array_equal(found.value, expected)
    mean, total = np.average(t, returned=True)
    assert (mean.item(), np.asarray(getattr(total, "value", total)).item()) == (2.5, 6.0)
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        np.average(t, axis=1, weights=u * 0)


def test_unique_returns_what_is_asked_for() -> None:
    x = np.array([[3.0, 1.0], [3.0, 2.0]])
    (t,) = recorded(x)
    for options in (
        {},
        {"return_index": True},
        {"return_inverse": True, "return_counts": True},
        {"axis": 1, "return_index": True},
    ):
        found, expected = np.unique(t, **options), np.unique(x, **options)
        for one, other in zip(found if options else (found,), expected if options else (expected,), strict=True):
            np.testing.assert_array_equal(one.value, other)
            assert one.dtype == other.dtype
            assert one.shape == other.shape


def test_covariance_of_too_few_observations_warns_as_numpy_does() -> None:
    (t,) = recorded(np.ones((2, 1)))
    with pytest.warns(RuntimeWarning, match="Degrees of freedom"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "invalid value")
        assert np.isnan(np.asarray(np.cov(t).value)).all()  # type: ignore[attr-defined]


def test_operations_of_a_composition_are_in_its_scope() -> None:
    def loss(x: Any, y: Any) -> Any:
        area = np.trapezoid(y, x)
        return area

    step = tracer.trace(loss, np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    assert step.node("area").value == 7.5
    assert {node.scope for node in step.nodes if node.op == "diff"} == {"trapezoid"}
