"""The elements that are worked out on the page of the backward pass: each enters the next one, back to the loss."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest

import tracer
from support.traces import recorded
from tracer.graph.record import Node, Step
from tracer.ops.foreign.lookup import operation_named
from tracer.rendering.engine import find_engine
from tracer.training.bundled import bundled_names
from tracer.views.booklet.summary.example import row_count, sample_of
from tracer.views.booklet.summary.followed import Followed, followed_elements
from tracer.views.booklet.summary.summary import summary
from tracer.views.booklet.summary.whole_run import WholeRun
from tracer.views.diagrams.theme import Style
from tracer.views.notation import Labels, number_text


def followed_in(step: Step) -> tuple[Followed, Labels]:
    labels = Labels(step.nodes)
    return followed_elements(step, labels, sample_of(step), row_count(step)), labels


def computed_with(step: Step, source: Node, index: Any, result: Node) -> np.ndarray:
    """A later value, with one element of an earlier one changed."""
    changed = np.array(source.value, dtype=np.float64)
    changed[index] += 1 + abs(changed[index])
    values: dict[int, np.ndarray] = {source.id: changed}
    for node in step.nodes[source.id + 1 : result.id + 1]:
        op = operation_named(node.op)
        if op is not None and not values.keys().isdisjoint(node.operands):
            inputs = [values.get(each, step.nodes[each].value) if isinstance(each, int) else each.value for each in node.inputs]
            values[node.id] = np.asarray(op.value(*inputs, **node.parameters))
    return values[result.id]


@pytest.mark.parametrize("name", bundled_names())
def test_elements_enter_the_next_one(name: str) -> None:
    """The element changes with each that is said to enter it: the operations between them are computed again."""
    step = recorded(name, 1).steps[0]
    followed, labels = followed_in(step)
    assert followed.root is not None
    entered = 0
    for id, index in followed.elements.items():
        node = step.nodes[id]
        assert node.value[index] != 0
        for source, at in followed.entering(step, labels, node):
            assert computed_with(step, source, at, node)[index] != pytest.approx(node.value[index], rel=1e-7)
            entered += 1
    assert entered >= 3


@pytest.mark.parametrize("name", ["fruit", "fruit-keras", "mnist", "linear-regression"])
def test_path_reaches_the_loss_in_one_row(name: str) -> None:
    step = recorded(name, 1).steps[0]
    followed, labels = followed_in(step)
    assert followed.root is not None
    reached, waiting = set(), [step.nodes[followed.root]]
    while waiting:
        node = waiting.pop()
        reached.add(node.id)
        waiting += [source for source, _ in followed.entering(step, labels, node) if source.id not in reached]
    assert step.gradients[step.loss_id] in reached
    assert followed.row is not None


def test_long_sums_are_followed_by_their_largest_term() -> None:
    step = recorded("mnist", 1).steps[0]
    followed, labels = followed_in(step)
    assert followed.root is not None
    root = step.nodes[followed.root]
    ((source, at),) = followed.entering(step, labels, root)
    transposed, _ = (step.nodes[id] for id in root.operands)
    row, column = followed.elements[root.id]
    terms = np.abs(transposed.value[row] * source.value[:, column])
    assert at == (int(np.argmax(terms)), column)


def pages_of(name: str) -> list[str]:
    trace = recorded(name)
    document = summary(trace, find_engine("pure").layout, Style(), WholeRun())
    return document.replace('" + box("', "").replace('") + "', "").split("#pagebreak")


def test_numbers_said_to_enter_stand_in_the_arithmetic() -> None:
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', "".join(pages_of("fruit")))
    texts = [text for text in quoted if " = " in text and not text.startswith("= ")]
    found = 0
    for note, worked in itertools.pairwise(texts):
        _, said, entering = note.rpartition("with ")
        for name, number in re.findall(r"(dL/\S+\[[\d,]+\]) = (-?[\d.e-]+)", entering) if said else ():
            if "..." not in worked and worked.count(" = ") == 2:
                assert number.strip("-") in re.findall(r"[\d.]+(?:e-?\d+)?", worked.split(" = ")[1]), (note, worked)
                found += 1
            assert any(text.startswith(f"{name} = ") and text.endswith(f" {number}") for text in texts), f"{name} is worked out"
    assert found >= 6


def test_update_is_of_the_element_that_is_followed() -> None:
    step = recorded("fruit").steps[0]
    followed, labels = followed_in(step)
    assert followed.root is not None
    element = labels.element(followed.root, followed.elements[followed.root])
    document = "".join(pages_of("fruit"))
    assert f"{element}, the largest number of its gradient, is followed back to the loss" in document
    value = number_text(step.nodes[followed.root].value[followed.elements[followed.root]])
    assert f'"{element} = {value}"' in document
    assert f"The update of one element, {element.removeprefix('dL/d')}, with its numbers" in document


def test_nothing_is_followed_where_all_gradients_are_zero() -> None:
    step = tracer.trace(lambda w: np.sum(w * 0.0), np.ones(3))
    followed, _ = followed_in(step)
    assert followed == Followed()
