"""Parameter histories: up to the last update, in bounded memory."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

import tracer
from tracer.views.parameter_history import MAX_POINTS, ParameterHistories, histories_of


def run_of(name: str, **options: int) -> tracer.Trace:
    return tracer.run(tracer.load(name), **options)


def test_small_parameter_has_a_line_per_element() -> None:
    trace = run_of("linear-regression")
    w, b = histories_of(trace)
    assert (w.name, b.name, w.shape) == ("w", "b", ())
    assert w.positions == tuple(range(51))
    ((label, line),) = w.lines
    assert label == ""
    assert line[:-1] == tuple(float(step.node("w").value) for step in trace.steps)
    assert line[-1] == float(trace.steps[-1].updated("w"))


def test_large_parameter_has_extremes_and_mean() -> None:
    trace = run_of("mnist", steps=2)
    w1 = histories_of(trace)[0]
    assert [label for label, _ in w1.lines] == ["min", "mean", "max"]
    ends = trace.steps[-1].updated("w1")
    assert [line[-1] for _, line in w1.lines] == pytest.approx([ends.min(), ends.mean(), ends.max()], rel=1e-5)


def test_elements_are_labelled_with_their_index() -> None:
    assert [label for label, _ in histories_of(run_of("fruit", steps=1))[0].lines] == [
        f"[{row},{column}]" for row in range(2) for column in range(4)
    ]


def test_memory_does_not_grow_with_the_number_of_steps() -> None:
    step = run_of("linear-regression", steps=1).steps[0]
    collected = ParameterHistories()
    for index in range(1_000):
        collected.add(replace(step, index=index))
    tracemalloc.start()
    for index in range(1_000, 10_000):
        collected.add(replace(step, index=index))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 200_000
    (w, _) = collected.histories()
    assert len(w.positions) <= MAX_POINTS + 2
    assert w.positions[0] == 0
    assert w.positions[-2:] == (9_999, 10_000)
    assert w.lines[0][1][-1] == float(step.updated("w"))
    assert np.ptp(np.diff(w.positions[:-2])) == 0


def test_run_without_steps_has_no_history() -> None:
    assert ParameterHistories().histories() == []
    assert histories_of(replace(run_of("linear-regression", steps=1), steps=())) == []


def test_long_run_is_sampled() -> None:
    trace = run_of("linear-regression", steps=300)
    w = histories_of(trace)[0]
    assert 30 <= len(w.positions) <= MAX_POINTS + 2
    assert (w.positions[0], w.positions[-1]) == (0, 300)
