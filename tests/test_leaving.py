"""Values that leave the record as plain numbers: where they may, and that the record says so."""

from __future__ import annotations

import io
import logging
import math
from pathlib import Path

import numpy as np
import pytest

import tracer
from tracer.errors import RecordingError, UsageError
from tracer.graph.single_step import trace_of_step
from tracer.recording.recorder import Recorder
from tracer.testing import check_gradients
from tracer.views.text.log import log_text


def test_numbers_that_leave_the_record_are_recorded_where_they_leave() -> None:
    messages = io.StringIO()
    logger = logging.Logger("training")
    logger.addHandler(logging.StreamHandler(messages))

    def model(x):
        h = np.sum(x * 2)
        numbers = [float(h), int(h), round(h), round(h / 7, 2), h.item()]
        texts = ["%.3f" % h, f"{h:.1f}", "{:5.2f}".format(h), str(h)]  # noqa: UP031, UP032 (forms of text)
        logger.info("loss %.2f", h)
        assert numbers == [6.0, 6, 6, 0.86, 6.0]
        assert [type(number) for number in numbers] == [float, int, int, float, float]
        assert texts == ["6.000", "6.0", " 6.00", "Tensor(6., dtype=float64)"]
        return h

    step = tracer.trace(model, [1.0, 2.0])
    assert messages.getvalue() == "loss 6.00\n"
    left = [node for node in step.nodes if node.op == "item"]
    assert [node.value.item() for node in left] == [6, 6, 6, 6 / 7, 6, 6, 6, 6, 6]
    assert all(node.source is not None and node.source.file == Path(__file__).name for node in left)
    texts = [node.source.text for node in left if node.source]
    assert [texts[0], texts[3], texts[5], texts[-1]] == [
        "float(h)",
        "round(h / 7, 2)",
        '"%.3f" % h',
        'logger.info("loss %.2f", h)',
    ]
    assert any("item(h)" in line and "test_leaving.py" in line for line in log_text(trace_of_step(step)).splitlines())
    np.testing.assert_array_equal(step.gradient("x"), [2, 2])


def test_numbers_of_a_recording_that_is_not_running_are_not_recorded() -> None:
    x = Recorder().leaf("parameter", "x", np.array(2.0))
    assert (float(x), int(x), round(x), f"{x:.1f}", x.item()) == (2.0, 2, 2, "2.0", 2.0)
    assert len(x.recorder.entries) == 1


def test_gradient_takes_numbers_that_left_for_constants_and_the_check_says_so() -> None:
    def function(x):
        return np.sum(x) * float(np.sum(x))

    np.testing.assert_array_equal(tracer.trace(function, [1.0, 2.0]).gradient("x"), [3, 3])
    with pytest.raises(UsageError, match=r"taken out of the record \(.value, .item\(\), float\(\)\)"):
        check_gradients(function, [1.0, 2.0])


def test_functions_of_math_and_arrays_are_refused() -> None:
    for function, advice in (
        (lambda x: math.exp(x[0]) * x[1], "use np.exp and not math.exp"),
        (lambda x: math.floor(x[0]) * x[1], "use np.floor and not math.floor"),
        (lambda x: np.sum(np.float64(x[0])), "write x\\[0\\].astype"),
        (lambda x: np.zeros(3)[x], "cannot be the index of a plain array"),
    ):
        with pytest.raises(RecordingError, match=advice):
            tracer.trace(function, [1.0, 2.0])
    with pytest.raises(TypeError, match="only 0-dimensional arrays"):  # NumPy's error
        tracer.trace(lambda x: float(x) * x, [1.0, 2.0])
