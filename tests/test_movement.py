"""How parameters moved: in bounded memory, up to where the last update took them."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

import tracer
from tracer.views.parameter_history import MAX_POINTS, ParameterHistories, histories_of


def run_of(name: str, **options: int) -> tracer.Trace:
    return tracer.run(tracer.load(name), **options)


def test_every_element_of_a_small_parameter_has_its_line() -> None:
    trace = run_of("linear-regression")
    w, b = histories_of(trace)
    assert (w.name, b.name, w.shape) == ("w", "b", ())
    assert w.positions == tuple(range(51))
    ((label, line),) = w.lines
    assert label == ""
    assert line[:-1] == tuple(float(step.node("w").value) for step in trace.steps)
    assert line[-1] == float(trace.steps[-1].updated("w"))


def test_a_large_parameter_has_its_extremes_and_mean() -> None:
    trace = run_of("mnist", steps=2)
    w1 = histories_of(trace)[0]
    assert [label for label, _ in w1.lines] == ["min", "mean", "max"]
    ends = trace.steps[-1].updated("w1")
    assert [line[-1] for _, line in w1.lines] == pytest.approx([ends.min(), ends.mean(), ends.max()], rel=1e-5)


def test_elements_have_their_index_as_label() -> None:
    assert [label for label, _ in histories_of(run_of("fruit", steps=1))[0].lines] == [
        f"[{row},{column}]" for row in range(2) for column in range(4)
    ]


def test_ten_thousand_steps_take_no_more_memory_than_a_few() -> None:
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


def test_nothing_moved_where_nothing_ran() -> None:
    assert ParameterHistories().histories() == []
    assert histories_of(replace(run_of("linear-regression", steps=1), steps=())) == []


def test_of_a_long_run_some_steps_are_read() -> None:
    trace = run_of("linear-regression", steps=300)
    w = histories_of(trace)[0]
    assert 30 <= len(w.positions) <= MAX_POINTS + 2
    assert (w.positions[0], w.positions[-1]) == (0, 300)
