"""What the pages of the booklet refer to: operations inside formulas, terms of sums, axes, rounding."""

from __future__ import annotations

import functools
import re
from dataclasses import replace

import numpy as np
import pytest

import tracer
from support.traces import recorded
from tracer.graph.record import Phase, Trace
from tracer.rendering.engine import find_engine
from tracer.views.booklet.summary.summary import summary
from tracer.views.booklet.summary.whole_run import WholeRun
from tracer.views.diagrams.theme import Style
from tracer.views.notation import Labels, number_text

NAMES = ("fruit", "fruit-keras", "mnist", "linear-regression")


def text_of(trace: Trace) -> str:
    document = summary(trace, find_engine("pure").layout, Style(), WholeRun())
    return document.replace('" + box("', "").replace('") + "', "")


@functools.cache
def document_of(name: str) -> str:
    return text_of(recorded(name))


@pytest.mark.parametrize("name", NAMES)
def test_operation_inside_a_formula_says_in_which(name: str) -> None:
    step = recorded(name).steps[0]
    labels = Labels(step.nodes)
    found = set(re.findall(r"(\d+:\d+), back through (\d+:\d+)(?: in (\d+:\d+))?", document_of(name)))
    assert len(found) >= 3
    for _, through, whole in found:
        id = int(through.partition(":")[2])
        assert labels.is_inlined(id) is bool(whole)
        if whole:
            around = int(whole.partition(":")[2])
            reached, waiting = set(), [around]
            while waiting:
                for each in step.nodes[waiting.pop()].operands:
                    reached.add(each)
                    waiting += [each] if labels.is_inlined(each) else []
            assert id in reached and not labels.is_inlined(around)


@pytest.mark.parametrize("name", NAMES)
def test_value_that_is_used_several_times_is(name: str) -> None:
    step = recorded(name).steps[0]
    labels = Labels(step.nodes)
    for value in set(re.findall(r'"(\S+) is used several times: what comes back', document_of(name))):
        node = next(node for node in step.nodes if labels[node.id] == value)
        before = (user for user in step.nodes if user.phase in (Phase.FORWARD, Phase.LOSS))
        assert sum(node.id in user.operands for user in before) > 1
    if name == "fruit":
        assert '"shifted is used several times' in document_of(name)


def test_sum_over_the_rows_names_its_term_of_the_row() -> None:
    step = recorded("fruit").steps[0]
    of_label = step.node("of_label").value
    (row, number) = re.findall(r'"with of_label\[(\d+)\] = (\S+)"', document_of("fruit"))[0]
    assert number == number_text(of_label[int(row)])
    assert f"row {row} is shown" in document_of("fruit")
    assert number.strip("-") in re.findall(r'"loss = -\(\(([^"]*)"', document_of("fruit"))[0]


def with_losses(*losses: float) -> Trace:
    return replace(recorded("fruit"), metrics=tuple({"step": at, "loss": loss} for at, loss in enumerate(losses)))


@pytest.mark.parametrize(
    ("losses", "is_cut"), [((2.0, 1.0), True), ((2.0, 0.0), False), ((1.0, -1.0), False), ((1.0, 1.0), False)]
)
def test_axis_that_does_not_begin_at_0_is_said(losses: tuple[float, ...], is_cut: bool) -> None:
    assert ("it does not begin at 0" in text_of(with_losses(*losses))) is is_cut


def test_loss_is_said_to_be_before_the_update_where_there_is_one() -> None:
    sentence = "The loss of a step is computed before its update"
    assert sentence in document_of("fruit")
    step = tracer.trace(lambda x: np.sum(x * 2), [1.0, 2.0])
    rows = ({"step": 0, "loss": step.loss}, {"step": 1, "loss": 1.0})
    assert sentence not in text_of(Trace("f", "", 0, "float64", {}, {}, (step,), rows))


def test_rounding_noise_is_explained_where_it_is_printed() -> None:
    sentence = "~0 is a number that would be 0 without rounding errors."
    assert "~0" not in document_of("fruit")
    step = tracer.trace(lambda x: np.sum((x - 0.1 - 0.2) * x), np.full(3, 0.3))
    trace = Trace("f", "", 0, "float64", {}, {}, (step,), ({"step": 0, "loss": step.loss},))
    assert sentence in text_of(trace)
