"""The step log: golden files, form, and arithmetic."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from support.golden import assert_matches_golden
from support.traces import recorded
from tracer.graph.record import Node, Phase
from tracer.training.bundled import bundled_names
from tracer.views.text.log import log_lines, log_text


def body(trace: tracer.Trace) -> str:
    """The log without the line with versions."""
    return "".join(line for line in log_text(trace).splitlines(keepends=True) if not line.startswith("# tracer"))


def short_run(name: str) -> tracer.Trace:
    """At most two steps of a scenario."""
    scenario = tracer.load(name)
    return tracer.run(scenario, steps=2 if scenario.optimizer is not None else 1)


@pytest.mark.parametrize(("name", "steps"), [("linear-regression", 2), ("fruit", 1)])
def test_logs_match_golden_files(name: str, steps: int) -> None:
    assert_matches_golden(f"{name}.log", body(recorded(name, steps)))


@pytest.mark.parametrize("name", bundled_names())
def test_log_format(name: str) -> None:
    trace = short_run(name)
    text = log_text(trace)
    assert text.isascii()
    assert text == log_text(short_run(name))
    lines = text.splitlines()
    assert next(line for line in lines if line.startswith("== ")).startswith("== step 0 ==  loss ")
    assert re.fullmatch(r"== end ==  (2 steps|1 step), loss \S+ -> \S+", lines[-1])
    for step in trace.steps:
        numbers = [line.split()[0] for line in lines if re.match(rf"{step.index}:\d+ ", line)]
        width = max(2, len(str(len(step.nodes) - 1)))
        assert numbers == [f"{step.index}:{node.id:0{width}d}" for node in step.nodes]
    # One line per node, followed by at most two more.
    below = 0
    for line in lines:
        below = below + 1 if line.startswith("     ") else 0
        assert below <= 2
    phases = [line[3:] for line in lines if line.startswith("-- ")]
    expected = [phase.value for phase in Phase if trace.steps[0].updates or phase is not Phase.UPDATE]
    assert [phase for phase in phases if phase != "metrics"] == expected * len(trace.steps)


def test_heading_has_the_settings_that_differ_from_their_defaults(tmp_path: Path) -> None:
    settings = {"optimizer": "SGD", "learning_rate": 0.01, "momentum": 0.5}
    trace = tracer.run(tracer.load("fruit"), steps=1, settings=settings)
    heading = "# seed=0 dtype=float64 optimizer=SGD learning_rate=0.01 momentum=0.5 steps=1"
    assert log_text(trace).splitlines()[1] == heading
    tracer.save(trace, tmp_path / "trace.sqlite")
    assert log_text(tracer.open(tmp_path / "trace.sqlite")).splitlines()[1] == heading
    assert "weight_decay=0.0 nesterov=False" in log_text(replace(trace, defaults=()))  # of files without this field


def largest(*numbers: float) -> float:
    """The largest of one or more numbers; Python's `max` does not accept a single one."""
    return max(numbers)


def smallest(*numbers: float) -> float:
    return min(numbers)


def value_of(text: str) -> float:
    """The value of an arithmetic expression in the log."""
    known = ("exp", "log", "sqrt", "square", "tanh", "sin", "cos", "inf", "where", "floor")
    names = {name: getattr(np, name) for name in known}
    return float(eval(text, {"__builtins__": {}, "max": largest, "min": smallest, "abs": abs, **names}))


@pytest.mark.parametrize("name", bundled_names())
def test_arithmetic_in_the_log_is_correct(name: str) -> None:
    """Evaluate the text of every worked element without omitted terms."""
    checked = 0
    for line in log_text(short_run(name)).splitlines():
        if not line.startswith("     ") or line.startswith("     epoch ") or "..." in line:
            continue
        parts = line.strip().partition("    |g|")[0].split(" = ")
        if len(parts) != 3 or re.search(r"[a-z_]+\(.*(None|axis)", parts[1]):
            continue
        found, expected = value_of(parts[1]), value_of(parts[2])
        # The numbers have four digits, and subtraction loses some.
        size = max([abs(float(number)) for number in re.findall(r"[\d.]+(?:e[+-]?\d+)?", parts[1])] or [1.0])
        assert found == pytest.approx(expected, rel=5e-3, abs=5e-3 * max(1.0, size)), line
        checked += 1
    assert checked > 10


def test_worked_elements_of_a_layer() -> None:
    def model(X, W1, b1):
        z1 = X @ W1 + b1
        return np.sum(z1)

    step = tracer.trace(model, np.array([[1.0, 2.0]]), np.array([[0.1], [0.5]]), np.array([0.0]))
    text = log_text(tracer.Trace("t", "", 0, "float64", {}, {}, (step,)))
    assert "z1 = X @ W1 + b1" in text
    assert "(1,2)@(2,1)+(1,) -> (1,1)" in text
    assert "z1[0,0] = 1*0.1 + 2*0.5 + 0 = 1.1" in text


def test_first_nonfinite_value_is_marked_once() -> None:
    text = log_text(tracer.run(tracer.load("linear-regression"), settings={"learning_rate": 1}, steps=60))
    marks = [line for line in text.splitlines() if "!!" in line]
    assert marks == ["     !! infinite in 1 of 1 element: it reaches a result"]
    assert text.splitlines()[-1].endswith("loss on")


def test_large_arrays_have_one_summary_line() -> None:
    text = log_text(recorded("mnist", 1))
    assert re.search(r"^     \(784,256\) f32 n=200704 min=\S+ max=\S+ mean=\S+ zero=0%$", text, re.MULTILINE)
    # Long sums show the three largest terms, and count the others and those that are 0.
    step = recorded("mnist", 1).steps[0]
    terms = step.node("images").value[0] * step.node("w1").value[:, 0]
    pattern = r"^     \(images @ w1\)\[0,0\] = (.*) \+ \.\.\. \[784 terms, (\d+) of them 0\] = "
    ((product, zeros),) = re.findall(pattern, text, re.MULTILINE)
    assert int(zeros) == np.sum(terms == 0) > 600
    found = [eval(term, {}) for term in product.replace(" - ", " + -").split(" + ")]
    np.testing.assert_allclose(found, sorted(terms, key=abs, reverse=True)[:3], rtol=2e-3)
    assert max(map(len, text.splitlines())) < 260


def test_unregistered_operation_is_still_logged() -> None:
    def renamed(node: Node) -> Node:
        return node if node.is_leaf else replace(node, op=f"{node.op}_of_old")

    trace = recorded("fruit", 1)
    old = replace(trace.steps[0], nodes=tuple(renamed(node) for node in trace.steps[0].nodes))
    text = log_text(replace(trace, steps=(old,)))
    assert "h1 = x @ W1 + b1" in text
    assert "[0,0] = " not in text


def test_log_is_written_incrementally() -> None:
    seen: list[int] = []

    def steps() -> Any:
        for step in recorded("fruit", 3).steps:
            seen.append(step.index)
            yield step

    pieces = log_lines(recorded("fruit", 1), steps())
    next(pieces)
    assert seen == []
    assert next(pieces).startswith("== step 0 ==")
    assert seen == [0]
