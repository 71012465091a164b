"""`from tracer import numpy as np`: NumPy, with what it does not ask Tensors for."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tracer
from tracer import numpy as np
from tracer.errors import RecordingError
from tracer.testing import assert_gradients


def recurrent(x: Any) -> Any:
    states, outputs = np.zeros((3, 2)), []
    for t in range(2):
        states[t + 1] = np.tanh(x[t] + states[t])
        outputs.append(states[t + 1] * 2)
    return np.sum(np.array(outputs) ** 2)


def rotated(x: Any) -> Any:
    c, s = np.cos(x[0, 0]), np.sin(x[0, 0])
    return np.sum(np.array([[c, -s], [s, c]]) @ x[1])


def penalties(x: Any) -> Any:
    return np.sum([np.sum(x), np.sum(x * x)]) + np.max([x[0, 0], x[0, 1]]) + np.mean((x[0, 0], x[1, 1]))


def joined(x: Any) -> Any:
    return np.sum(np.r_[x[0], 1.0, x[0, 1]] ** 2) + np.sum(np.c_[x[0], x[1]] ** 3) + np.sum(np.asarray(x) * np.full(2, x[0, 0]))


@pytest.mark.parametrize("function", [recurrent, rotated, penalties, joined])
def test_programs(function: Any) -> None:
    x = numpy.array([[0.3, 1.0], [2.0, -0.5]])
    assert tracer.trace(function, x).loss == function(x)
    assert_gradients(function, x, second_order=True)


def test_outside_a_recording_it_is_numpy() -> None:
    assert type(np.zeros(2)) is numpy.ndarray
    assert np.sum([1.0, 2.0]) == 3.0
    assert np.r_[1:3, 4].tolist() == [1, 2, 4]
    assert np.linalg is numpy.linalg
    assert set(dir(np)) == set(dir(numpy))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        np.nothing  # noqa: B018


def test_names_that_python_has_too_are_looked_up_in_numpy_each_time() -> None:
    for name in ("any", "all", "sum", "max", "min", "abs", "round", "map"):
        getattr(np, name, None)
    assert tracer.trace(lambda x: np.sum(np.r_[x, 1.0]), [1.0, 2.0]).loss == 4.0


def test_after_an_error_nothing_is_recorded() -> None:
    with pytest.raises(ValueError, match="mismatch"):
        tracer.trace(lambda x: np.sum(x @ np.zeros((3, 3))), numpy.ones(2))
    assert type(np.zeros(2)) is numpy.ndarray


def test_text_in_brackets_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"np\.r_ with text is not recorded: write np\.concatenate"):
        tracer.trace(lambda x: np.sum(np.r_["0,2", x, x]), [1.0, 2.0])


def test_a_recorded_whole_number_is_an_index_of_a_plain_array() -> None:
    step = tracer.trace(lambda x, y: np.sum(numpy.eye(3)[y] * x), numpy.ones(3), numpy.array([0, 2]))
    numpy.testing.assert_array_equal(step.gradient("x"), [1, 0, 1])
    assert [node.formula for node in step.nodes if node.op == "item"] == ["item({0})"]
