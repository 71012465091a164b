"""What the page of the update says of an optimizer, compared with the numbers of the record."""

from __future__ import annotations

import functools
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.graph.record import Step, Trace
from tracer.i18n.language import CHINESE, ENGLISH
from tracer.views.explaining.optimizer_words import learning_rate, operation_words, same_change_text
from tracer.views.notation import Labels, number_text

STEPS = 3
OPTIMIZERS = {
    "Adam": tracer.Adam(learning_rate=0.01),
    "other shares": tracer.Adam(learning_rate=0.1, beta1=0.8, beta2=0.98),
    "large epsilon": tracer.Adam(learning_rate=0.01, epsilon=1.0),
    "weight decay": tracer.Adam(learning_rate=0.01, weight_decay=0.5),
    "AdamW": tracer.AdamW(learning_rate=0.01),
    "SGD": tracer.SGD(0.5),
    "momentum": tracer.SGD(0.5, momentum=0.9),
}


@functools.cache
def run_with(name: str) -> Trace:
    scenario = tracer.Scenario(
        data=lambda: {"x": [[1.0, -2.0], [0.5, 3.0]]}, parameters={"w": [[0.3], [-0.2]], "b": [0.1]},
        model=lambda x, w, b: x @ w + b, loss=lambda p: np.mean(p * p + p), optimizer=OPTIMIZERS[name], steps=STEPS,
    )  # fmt: skip
    return tracer.run(scenario)


def updated(step: Step) -> list[Any]:
    return [node for node in step.parameters if node.id in step.updates]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_all_change_by_the_learning_rate_exactly_where_it_is_said(name: str) -> None:
    for step in run_with(name).steps:
        rate = learning_rate(run_with(name), step)
        assert rate == float(step.node("learning_rate").value)
        changes = [
            (new - old, slope)
            for node in updated(step)
            for old, new, slope in zip(
                node.value.ravel().tolist(),
                step.nodes[step.updates[node.id]].value.ravel().tolist(),
                step.nodes[step.gradients[node.id]].value.ravel().tolist(),
                strict=True,
            )
        ]
        same = all(math.isclose(change, -math.copysign(rate, slope), rel_tol=1e-3) for change, slope in changes)
        text = same_change_text(step, updated(step), rate)
        assert (f"changes by the learning rate, {number_text(rate)} (to within 0.1%)" in text) is same, step.index
        assert ("were 0 before" in text) <= (step.index == 0)


def test_first_step_of_adam_says_why_and_no_other() -> None:
    texts = [same_change_text(step, updated(step), 0.01) for step in run_with("Adam").steps]
    assert "The running means were 0 before" in texts[0]
    assert not any("were 0 before" in text for text in texts[1:])


def test_running_means_that_were_not_0_are_not_said_to_be() -> None:
    """With the same gradient in every step Adam moves by the learning rate in all of them."""
    scenario = tracer.Scenario(
        data=lambda: {"x": [[1.0, -2.0]]}, parameters={"w": [[0.3], [-0.2]]}, model=lambda x, w: x @ w, loss=np.sum,
        optimizer=tracer.Adam(learning_rate=0.01), steps=2,
    )  # fmt: skip
    first, second = (same_change_text(step, updated(step), 0.01) for step in tracer.run(scenario).steps)
    assert "changes by the learning rate" in first and "were 0 before" in first
    assert "changes by the learning rate" in second and "were 0 before" not in second


def test_shares_that_do_not_add_up_to_one_are_no_running_mean() -> None:
    step = run_with("Adam").steps[0]
    share = step.node("new_share1")
    doubled = replace(share, content=np.asarray(2 * share.value))
    other = replace(step, nodes=tuple(doubled if node is share else node for node in step.nodes))
    labels = Labels(step.nodes)
    assert operation_words(step, step.node("m_w_new"), labels)
    assert not operation_words(other, other.node("m_w_new"), labels)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_running_means_are_those_of_the_record(name: str) -> None:
    found = 0
    for step in run_with(name).steps:
        labels = Labels(step.nodes)
        for node in step.nodes:
            said = re.fullmatch(r"a running mean of (the gradient|the square of the gradient): (\S+) of it is new",
                                operation_words(step, node, labels))  # fmt: skip
            if said is None:
                continue
            of = node.name.split("_")[1]
            gradient = step.nodes[step.gradients[step.node(of).id]].value
            share, new = float(said[2]), gradient**2 if "square" in said[1] else gradient
            np.testing.assert_allclose(node.value, (1 - share) * step.node(node.name.removesuffix("_new")).value + share * new)
            found += 1
    assert found == (4 * STEPS if name in ("Adam", "other shares", "large epsilon", "AdamW") else 0)


def test_correction_of_the_means_is_said_with_the_number_of_the_update() -> None:
    for step in run_with("Adam").steps:
        labels = Labels(step.nodes)
        words = [text for node in step.nodes if "corrects" in (text := operation_words(step, node, labels)) and node.name]
        assert len(words) == 2
        assert all(f"t = {step.index + 1} counts" in text for text in words)
    assert (
        "修正"
        in operation_words(step, step.node("step_size"), labels, CHINESE)
        != operation_words(step, step.node("step_size"), labels, ENGLISH)
    )


def test_function_without_optimizer_has_no_words() -> None:
    step = tracer.trace(lambda x: np.sum(x * 2), [1.0, 2.0])
    assert same_change_text(step, updated(step), 0.1) == same_change_text(step, updated(step), None) == ""
    assert not any(operation_words(step, node, Labels(step.nodes)) for node in step.nodes)
