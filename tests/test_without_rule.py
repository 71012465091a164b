"""NumPy functions without a derivative rule: recorded as values; a gradient that has to pass through one is an error."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.analysis.verify import verify
from tracer.errors import RecordingError
from tracer.ops.numpy_call import NumpyCall, numpy_function
from tracer.recording.protocols.calls import is_augmented_assignment, site_of


def monitored(x: Any) -> Any:
    counts, edges = np.histogram(x, bins=4)
    condition = np.linalg.cond(x)
    assert np.shares_memory(x, x) in (True, False)
    return np.sum(x * x) + 0 * np.sum(counts) + (condition > 3) + 0 * edges.size


def test_values_are_recorded() -> None:
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    step = tracer.trace(monitored, x)
    np.testing.assert_array_equal(step.gradient("x"), 2 * x)
    assert step.node("condition").formula == "cond({0})"
    assert step.node("condition").value == np.linalg.cond(x)
    np.testing.assert_array_equal(step.node("counts").value, np.histogram(x, bins=4)[0])
    assert step.node("counts").formula == "histogram({0}, bins=4)[0]"


def test_values_are_computed_again_when_a_file_is_verified(tmp_path: Any) -> None:
    step = tracer.trace(monitored, np.array([[1.0, 2.0], [3.0, 5.0]]))
    trace = tracer.Trace("function", "", None, "float64", {}, {}, (step,))
    tracer.save(trace, tmp_path / "monitored.sqlite")
    opened = tracer.open(tmp_path / "monitored.sqlite")
    assert opened.steps[0].node("counts").formula == "histogram({0}, bins=4)[0]"
    assert verify(opened).passed


def test_a_gradient_that_passes_through_is_an_error() -> None:
    def program(x: Any) -> Any:
        distance = np.spacing(x)
        return np.sum(x * distance)

    with pytest.raises(RecordingError) as caught:
        tracer.trace(program, np.eye(2))
    message = str(caught.value)
    assert message.startswith("np.spacing has no derivative rule")
    assert f"test_without_rule.py:{program.__code__.co_firstlineno + 1}: np.spacing(x)" in message


def test_results_that_are_no_arrays_are_plain() -> None:
    def program(x: Any) -> Any:
        assert np.array_equal(x, x) is True
        assert np.iscomplexobj(x) is False
        return np.sum(x)

    assert tracer.trace(program, [1.0]).loss == 1.0


@pytest.mark.parametrize("name", ["save", "_core.umath.add", "os.system", "linalg._linalg.cond", "nothing", "array_function"])
def test_no_other_function_is_called(name: str) -> None:
    if name == "save":
        with pytest.raises(RecordingError, match="takes plain arrays"):
            tracer.trace(lambda x: np.save("nowhere.npy", x), [1.0])
    else:
        with pytest.raises(ValueError, match="NumPy has no function"):
            numpy_function(name)


def test_large_numbers_from_a_file_are_not_executed() -> None:
    parameters = {"function": "histogram", "arguments": [{"input": 0}], "options": {"bins": 10**12}}
    assert not NumpyCall.accepts_shapes([(3,)], parameters, (10,))
    assert NumpyCall.accepts_shapes([(3,)], {**parameters, "options": {"bins": 10}}, (10,))


class Seen:
    """Notes what the instruction does that calls one of its methods."""

    def __init__(self) -> None:
        self.uses: list[str] = []

    def note(self, *arguments: Any) -> Seen:
        frame = sys._getframe(1)
        self.uses.append("augmented" if is_augmented_assignment(frame) else site_of(frame).use.value)
        return self

    __getitem__ = __setitem__ = __call__ = __pos__ = __neg__ = __add__ = __mod__ = __iadd__ = __imod__ = __matmul__ = note


def test_what_an_instruction_does_is_known_without_a_text() -> None:
    """Python 3.12 and 3.14 have other instructions for `+x` and `x[i]`."""
    for statement, expected in {
        "x[0]": ["index"], "x[0:1]": ["index"], "x[0] = 1": ["store"], "x[0:1] = 1": ["store"], "x(1)": ["call"],
        "x(*[1])": ["call"], "x(y=1) if 0 else x(1)": ["call"], "+x": ["other"], "-x": ["other"], "x + 1": ["other"],
        "x % 1": ["other"], "x @ 1": ["other"], "x += 1": ["augmented"], "x %= 1": ["augmented"],
        "x[0] += 1": ["index", "augmented", "store"],
    }.items():  # fmt: skip
        for text in (statement, f"def f(x):\n    {statement}\nf(x)"):
            seen = Seen()
            exec(text, {"x": seen})
            assert seen.uses == expected, text
