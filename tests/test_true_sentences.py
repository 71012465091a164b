"""Sentences about numbers are derived from the numbers: they are read, and compared with the record."""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.strategies import collected
from support.traces import recorded
from tracer.graph.record import Node, Phase, Step, Trace
from tracer.testing import programs
from tracer.training.bundled import bundled_names
from tracer.views.booklet.heat_map import block_of, cells_are_even, cells_of
from tracer.views.booklet.minimap import Minimap
from tracer.views.booklet.operation_page import PageContext, operation_block
from tracer.views.booklet.update_page import update_page
from tracer.views.diagrams.theme import Style
from tracer.views.local_rules import local_rules
from tracer.views.notation import Labels
from tracer.views.svg import Drawing

RANDOM_PROGRAMS = 40
STEPS = 4


def with_adam(model: Any, parameters: dict[str, Any], optimizer: Any) -> Trace:
    scenario = tracer.Scenario(
        data=lambda: {"x": np.array([[1.0, -2.0], [0.5, 3.0]])}, parameters=parameters, model=model,
        loss=lambda p: np.mean(p * p), optimizer=optimizer, steps=STEPS,
    )  # fmt: skip
    return tracer.run(scenario)


@functools.cache
def runs() -> dict[str, Trace]:
    """The scenarios, and runs in which parameters are not moved, move along their gradient, or become infinite."""

    def model(x: Any, W: Any, b: Any, unused: Any) -> Any:
        h = x @ W + b
        return np.where(h > b, h, 0.5 * h) * np.tanh(W[0, 0]) + W[1, 1] - np.floor(W[0, 1])

    start = {"W": np.array([[0.5, -1.0], [2.0, 0.0]]), "b": [0.1, -0.1], "unused": [1.0, 2.0]}
    found = {
        "SGD": with_adam(model, start, tracer.SGD(learning_rate=0.5)),
        "Adam": with_adam(model, start, tracer.Adam(learning_rate=1.0)),
        "infinite": with_adam(model, start, tracer.SGD(learning_rate=1e200)),
    }
    counts = {name: 1 if name in ("mnist", "tensors") else STEPS for name in bundled_names()}
    return found | {name: recorded(name, count) for name, count in counts.items()}


RUNS = ("SGD", "Adam", "infinite", *bundled_names())


def sentences(typst: str) -> str:
    """The texts of a page."""
    return " ".join(re.findall(r'"((?:[^"\\]|\\.)*)"', typst)).replace('\\"', '"')


# The update.


def movements(step: Step) -> Counter[str]:
    """How many parameters moved in which way, number by number in Python."""
    found: Counter[str] = Counter()
    for old_id, new_id in step.updates.items():
        gradient = step.nodes[step.gradients[old_id]].value.ravel().tolist()
        for old, new, slope in zip(
            step.nodes[old_id].value.ravel().tolist(), step.nodes[new_id].value.ravel().tolist(), gradient
        ):
            if not all(map(np.isfinite, (old, new, slope))):
                found["from or to a number that is not finite, or by such a gradient"] += 1
            elif old == new:
                found["not at all"] += 1
            elif slope == 0:
                found["whose gradient is 0"] += 1
            else:
                found["against their gradient" if (new > old) == (slope < 0) else "along their gradient"] += 1
    return found


@pytest.mark.parametrize("name", RUNS)
def test_caption_of_the_update_counts_how_parameters_moved(name: str) -> None:
    trace = runs()[name]
    for step in trace.steps:
        if not step.updates:
            continue
        text = sentences(update_page(trace, step, Style()))
        expected = movements(step)
        if set(expected) == {"against their gradient"}:
            assert f"moves each of {expected.total():,} parameters against its gradient." in text
            continue
        ((count, listed),) = re.findall(r"\w+ moves ([\d,]+) parameters: (.*?)\. ", text)
        parts = re.findall(r"([\d,]+) (.*?)(?:, (?=\d)|$)", listed)
        assert {what: int(number.replace(",", "")) for number, what in parts} == expected
        assert int(count.replace(",", "")) == expected.total() == sum(node.size for node in step.parameters)


def test_some_runs_move_along_the_gradient_and_some_do_not_move() -> None:
    found = sum((movements(step) for trace in runs().values() for step in trace.steps if step.updates), Counter[str]())
    assert all(found[what] for what in ("against their gradient", "along their gradient", "not at all"))
    assert found["from or to a number that is not finite, or by such a gradient"]


@pytest.mark.parametrize("name", RUNS)
def test_next_step_starts_from_the_new_values(name: str) -> None:
    trace = runs()[name]
    for step, following in zip(trace.steps, [*trace.steps[1:], None]):
        if not step.updates:
            continue
        text = sentences(update_page(trace, step, Style()))
        assert ("This is the last step on record." in text) == (following is None)
        assert ("starts from" in text) == (following is not None)
        if following is not None:
            assert f"those that step {following.index} starts from" in text
            for node in step.parameters:
                np.testing.assert_array_equal(step.updated(node.name), following.node(node.name).value)


def test_new_values_that_are_not_used_next_are_not_claimed() -> None:
    trace = runs()["SGD"]
    first, second = trace.steps[:2]
    other = tracer.trace(lambda W, b, unused: np.sum(W) + np.sum(b), np.ones((2, 2)), [1.0, 1.0], [3.0, 4.0])
    broken = replace(trace, steps=(first, replace(other, index=second.index)))
    assert "starts from" not in sentences(update_page(broken, first, Style()))


# The pages of operations.


def context_of(step: Step) -> PageContext:
    rules: dict[int, list[Any]] = {}
    labels = Labels(step.nodes)
    for rule in local_rules(step, labels):
        rules.setdefault(rule.contribution, []).append(rule)
    paged = [node for node in step.nodes if not node.is_leaf or node.phase is Phase.BACKWARD]
    return PageContext(
        step, labels, Minimap(step.index, Drawing("", 1.0, 1.0), 1.0, {}), rules, [node.id for node in paged], Style()
    )


@functools.cache
def steps() -> list[Step]:
    found = [trace.steps[0] for trace in runs().values()]
    for program in collected(programs(max_lines=8), RANDOM_PROGRAMS):
        with np.errstate(all="ignore"):
            found.append(tracer.trace(program.function(), *program.arguments))

    def five_uses(x: Any) -> Any:
        chosen = np.where(x > 0, x, -x)
        return np.sum(chosen * x + np.exp(x) * np.floor(x))

    return [*found, tracer.trace(five_uses, [0.5, -1.0])]


def pages_of(step: Step) -> list[tuple[Node, str]]:
    context = context_of(step)
    return [(step.nodes[id], sentences(operation_block(context, step.nodes[id]))) for id in context.paged]


def test_uses_of_a_value_are_counted() -> None:
    partial = some = 0
    for step in steps():
        labels = Labels(step.nodes)
        for node, text in pages_of(step):
            for name, uses in re.findall(r"(?:^|\. | )(\S.*?) is used (\d+) times", text):
                value = node.gradient_of
                assert value is not None
                assert name.endswith(labels[value])
                assert step.gradients[value] == node.id
                forward = [other for other in step.nodes if other.phase in (Phase.FORWARD, Phase.LOSS)]
                assert int(uses) == sum(operand == value for other in forward for operand in other.operands)
                flowing = re.search(r"flows back through (\d+) of these uses", text)
                assert ("the gradients of all uses" in text) == (flowing is None)
                partial += flowing is not None
            if "The sum of" in text:
                some += 1
                assert node.id not in step.gradients.values()
    assert partial
    assert some


def test_backward_pass_begins_at_the_loss_only() -> None:
    zeros = 0
    for step in steps():
        for node, text in pages_of(step):
            begins = "The backward pass begins here" in text
            assert begins == (node.phase is Phase.BACKWARD and node.id == step.gradients.get(step.loss_id))
            if begins:
                assert node.value == 1
            if "No gradient flows back to" in text:
                zeros += 1
                assert not np.any(node.value)
    assert zeros >= 1


def test_values_without_a_gradient_say_so() -> None:
    for step in steps():
        for node, text in pages_of(step):
            if node.phase in (Phase.FORWARD, Phase.LOSS):
                assert ("No gradient flows back through it." in text) == (node.id not in step.gradients)
                assert ("is worked out on page" in text) == (node.id in step.gradients)


def test_share_of_a_use_is_not_called_the_gradient() -> None:
    shares = 0
    for step in steps():
        for node, text in pages_of(step):
            if "Chain rule" in text:
                is_whole = node.id in step.gradients.values()
                assert ("the gradient becomes" in text) == is_whole
                shares += not is_whole
    assert shares > 20


# Heat maps.


@given(st.lists(st.integers(1, 200), min_size=1, max_size=3))
def test_cells_are_means_of_the_stated_number(shape: list[int]) -> None:
    down, across = block_of(tuple(shape))
    ones = np.ones(shape).reshape(1, -1) if len(shape) < 2 else np.ones(shape).reshape(shape[0], -1)
    rows, columns = cells_of(ones).shape
    counts = []
    for cells, size in zip((rows, columns), ones.shape):
        starts = np.unique(np.floor(np.arange(cells) * size / cells))
        counts.append(np.bincount(np.searchsorted(starts, np.arange(size), side="right") - 1))
    assert max(counts[0]) * max(counts[1]) <= down * across
    assert (len(set(counts[0])) == len(set(counts[1])) == 1) == cells_are_even(tuple(shape))
