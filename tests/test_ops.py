"""Values, ties, dtypes and arguments of the operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from support.profile import PER_OPERATION
from support.strategies import CASES, WITHOUT_GRADIENT, calls, seeds, separated
from tracer.graph.record import Phase
from tracer.ops import registry
from tracer.recording.recorder import Recorder
from tracer.recording.tensor import Tensor


def recorded(*arrays: Any) -> list[Tensor]:
    """The arrays as parameters of one recorder, in the forward phase."""
    recorder = Recorder()
    tensors = [recorder.leaf("parameter", f"x{position}", array) for position, array in enumerate(arrays)]
    recorder.enter(Phase.FORWARD)
    return tensors


def gradient_of(function: Any, x: Any) -> np.ndarray:
    return tracer.trace(function, np.asarray(x)).gradient("x")


@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data())
@settings(max_examples=PER_OPERATION)
def test_value_equals_numpys_bit_for_bit(name: str, data: st.DataObject) -> None:
    case = data.draw(calls(name))
    arrays = [np.array(array, order="C") for array in case.arrays]  # the last bit of a sum depends on the memory layout
    expected = case.function(*arrays)
    found = case.function(*recorded(*arrays))
    assert np.asarray(found.value).tobytes() == np.asarray(expected).tobytes()
    assert found.shape == np.shape(expected)
    assert found.dtype == np.asarray(expected).dtype
    assert not found.value.flags.writeable


@pytest.mark.parametrize("name", sorted(set(CASES) - {"astype", "scatter"}))
@given(data=st.data())
@settings(max_examples=PER_OPERATION // 2)
def test_float32_stays_float32(name: str, data: st.DataObject) -> None:
    case = data.draw(CASES[name])
    arrays = [array.astype(np.float32) for array in case.arrays]
    expected = np.asarray(case.function(*arrays))
    step = tracer.trace(lambda *tensors: np.sum(case.function(*tensors)), *arrays)
    assert step.nodes[step.loss_id].dtype == str(np.sum(expected).dtype)
    if expected.dtype == np.float32:
        assert {node.dtype for node in step.nodes if node.dtype.startswith("float")} == {"float32"}


def test_list_of_operations_without_gradient_is_complete() -> None:
    without = {op.name for op in registry if op.__module__.startswith("tracer.") and not op.has_rules(max(1, len(op.inputs)))}
    assert without == {*WITHOUT_GRADIENT, "numpy_call"}  # see test_without_rule.py


@pytest.mark.parametrize("name", sorted(WITHOUT_GRADIENT))
def test_operation_without_gradient(name: str) -> None:
    x = separated((2, 3), 1)
    function = WITHOUT_GRADIENT[name]
    (tensor,) = recorded(x)
    np.testing.assert_array_equal(function(tensor).value, function(x))
    assert tensor.recorder.entries[-1][0].name == name
    step = tracer.trace(lambda x: np.sum(x * 2) + np.sum(function(x) * 1.0), x)
    np.testing.assert_array_equal(step.gradient("x"), np.full((2, 3), 2.0))


def test_ties_share_the_gradient_equally() -> None:
    np.testing.assert_array_equal(gradient_of(lambda x: np.max(x), [3.0, 1.0, 3.0]), [0.5, 0, 0.5])
    np.testing.assert_array_equal(gradient_of(lambda x: x.min(), [3.0, 1.0, 1.0, 1.0]), [0, 1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_array_equal(
        gradient_of(lambda x: np.sum(np.max(x, axis=1)), [[2.0, 2.0], [1.0, 2.0]]), [[0.5, 0.5], [0, 1]]
    )
    for function in (np.maximum, np.minimum):
        step = tracer.trace(lambda x, y, function=function: np.sum(function(x, y)), np.array([1.0, 2.0]), np.array([1.0, 2.0]))
        np.testing.assert_array_equal(step.gradient("x"), [0.5, 0.5])
        np.testing.assert_array_equal(step.gradient("y"), [0.5, 0.5])
        np.testing.assert_array_equal(gradient_of(lambda x, function=function: np.sum(function(x, x)), [1.0, 2.0]), [1, 1])


def test_gradients_at_zero() -> None:
    from tracer.nn.layers import relu

    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(relu(x)), [-1.0, 0.0, 2.0]), [0, 0, 1])
    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(np.abs(x)), [-1.0, 0.0, 2.0]), [-1, 0, 1])
    np.testing.assert_array_equal(gradient_of(lambda x: np.std(x), [2.0, 2.0]), [0, 0])
    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(x**0), [0.0, 2.0]), [0, 0])
    np.testing.assert_array_equal(gradient_of(lambda x: np.prod(x), [0.0, 2.0, 3.0]), [6, 0, 0])
    np.testing.assert_array_equal(gradient_of(lambda x: np.prod(x), [0.0, 0.0, 3.0]), [0, 0, 0])
    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(np.clip(x, 0, 1)), [-1.0, 0.0, 0.5, 1.0, 2.0]), [0, 0, 1, 0, 0])


def test_repeated_indices_add_their_gradients() -> None:
    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(x[[0, 0, 2]]), [1.0, 2.0, 3.0]), [2, 0, 1])
    rows = np.array([1, 1, 1])
    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(x[rows, 0]), np.ones((2, 2))), [[0, 0], [3, 0]])


@pytest.mark.filterwarnings("ignore:Degrees of freedom", "ignore:Mean of empty slice", "ignore:invalid value")
def test_arrays_of_size_0() -> None:
    empty = np.zeros((0, 3))
    step = tracer.trace(lambda x: np.sum(np.exp(x) * 2) + np.sum(x.T @ x) + np.sum(np.concatenate([x, x])), empty)
    assert step.loss == 0
    assert step.gradient("x").shape == (0, 3)
    np.testing.assert_array_equal(gradient_of(lambda x: np.sum(x[[]]) + x[0], [2.0]), [1])
    for function in (np.sum, np.mean, np.var, np.std):
        step = tracer.trace(lambda x, function=function: np.sum(function(x, axis=1)) + np.sum(x), np.zeros((0, 0)))
        assert step.gradient("x").shape == (0, 0)


def test_integer_index_may_be_recorded_data() -> None:
    step = tracer.trace(lambda x, rows: np.sum(x[rows] * 3), np.array([1.0, 2.0, 3.0]), np.array([2, 2]))
    np.testing.assert_array_equal(step.gradient("x"), [0, 0, 6])
    with pytest.raises(KeyError, match="no gradient reached 'rows'"):
        step.gradient("rows")


def test_gradients_have_the_dtype_of_their_input() -> None:
    step = tracer.trace(lambda x, y: np.sum(x * y), np.ones(3, np.float32), np.ones(3, np.float64))
    assert step.gradient("x").dtype == np.float32
    assert step.gradient("y").dtype == np.float64


@given(seed=seeds)
@settings(max_examples=10)
def test_methods_match_numpy_functions(seed: int) -> None:
    x = separated((2, 3), seed)
    (t,) = recorded(x)
    for options in ({}, {"axis": 0}, {"axis": (0, -1), "keepdims": True}):
        for name in ("sum", "mean", "max", "min", "prod", "var", "std"):
            np.testing.assert_array_equal(getattr(t, name)(**options).value, getattr(x, name)(**options))
    for name in ("ravel", "flatten", "squeeze", "argmax", "argmin", "transpose"):
        np.testing.assert_array_equal(getattr(t, name)().value, getattr(x, name)())
    np.testing.assert_array_equal(t.reshape(3, 2).value, x.reshape(3, 2))
    np.testing.assert_array_equal(t.reshape((3, -1)).value, x.reshape((3, -1)))
    np.testing.assert_array_equal(t.swapaxes(0, 1).value, x.swapaxes(0, 1))
    np.testing.assert_array_equal(t.clip(0, 1).value, x.clip(0, 1))
    np.testing.assert_array_equal(t.dot(x.T).value, x.dot(x.T))
    np.testing.assert_array_equal((-t).value, -x)
    np.testing.assert_array_equal((+t).value, +x)
    np.testing.assert_array_equal(abs(t).value, abs(x))
    np.testing.assert_array_equal((2**t).value, 2**x)
    np.testing.assert_array_equal((1 / t).value, 1 / x)
    np.testing.assert_array_equal((x.T @ t).value, x.T @ x)  # type: ignore[attr-defined]
    np.testing.assert_array_equal((x + t).value, x + x)  # type: ignore[attr-defined]
    np.testing.assert_array_equal((1 - t).value, 1 - x)
    assert len(t) == 2
    assert [row.shape for row in t] == [(3,), (3,)]
    assert (t.size, t.ndim, np.shape(t), np.ndim(t), np.size(t)) == (6, 2, (2, 3), 2, 6)
    assert t[0, 0].item() == x[0, 0]
