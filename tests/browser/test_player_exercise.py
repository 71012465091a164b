"""Predictions, exercises and what-if in a browser: what survives a reload, what is refused, which answers are understood."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import numpy as np
import pytest

import tracer
from support.browser import Page, page_of, run_of, scenario_page
from tracer.graph.record import Step
from tracer.graph.single_step import trace_of_step
from tracer.views.player.options import PlayerOptions

Opened = Callable[..., Page]

EXERCISE = PlayerOptions(asked=("logits", "loss"), is_exercise=True)


def first_step() -> Step:
    return run_of("fruit", 3).steps[0]


def edits_of(page: Page) -> list[str]:
    return unquote(page.state()["edits"]).split("~")


def answer(page: Page, text: str) -> None:
    page.page.fill("#answer", text)
    page.press("Enter")


def answer_loss(page: Page, step: Step) -> None:
    page.page.click('[data-answer="+"]')
    answer(page, repr(step.loss))


def test_an_exercise_survives_a_reload(opened: Opened) -> None:
    step = first_step()
    page = opened(page_of(run_of("fruit", 3), EXERCISE))
    page.page.click(".predict >> text=show")
    answer_loss(page, step)
    assert "1 of 2 right" in page.text("footer")
    seen = page.state()["seen"]
    page.page.reload()
    page.page.wait_for_selector(".inspector")
    page.settle()
    assert "1 of 2 right" in page.text("footer") and page.state()["seen"] == seen
    page.page.click("text=start again")
    page.settle()
    assert int(page.state()["seen"]) == step.node("logits").id - 1 and "right" not in page.text(".predict")
    page.page.reload()
    page.page.wait_for_selector(".inspector")
    assert int(page.state()["seen"]) == step.node("logits").id - 1


def test_an_exercise_goes_on_in_the_step_it_was_left_in(opened: Opened) -> None:
    page = opened(page_of(run_of("fruit", 3), PlayerOptions(asked=("loss",), is_exercise=True)))
    answer_loss(page, first_step())
    page.press("Escape", "ArrowDown")
    page.page.wait_for_function("() => document.querySelector('header output').textContent.startsWith('1')")
    page.settle()
    loss = run_of("fruit", 3).steps[1].loss_id
    page.open("#step=2&op=99&seen=99")
    page.page.wait_for_function("() => document.querySelector('header output').textContent.startsWith('1')")
    assert (page.state()["step"], int(page.state()["seen"])) == ("1", loss - 1)


def test_what_an_exercise_refuses_is_grey_and_says_why(opened: Opened) -> None:
    step = first_step()
    page = opened(page_of(run_of("fruit", 3), EXERCISE))
    grey = 'header [aria-disabled="true"]'
    titles = page.page.eval_on_selector_all(grey, "all => all.map(each => each.title)")
    assert dict(zip(page.texts(grey), titles, strict=True)) == {
        "\u25c0": "This is the first step.",
        "\u25b6": "The next step opens when all results of this one are shown.",
        "play": "Predict the next result first.",
    }
    assert page.texts('.operations [aria-disabled="true"]') == page.texts(".operations li.unseen") != []
    page.press("Escape")
    shown = step.node("logits").id - 1
    for key, op, reason in [
        ("ArrowRight", shown, "Predict"),
        ("Shift+ArrowRight", shown, "Predict"),
        ("ArrowDown", shown, "opens when"),
        ("t", step.node("W2").id, "Predict"),
    ]:
        page.at(op=op)
        page.press("Home", key)
        assert reason in page.text(".notice"), key
        assert page.page.evaluate("() => [player.state.op, player.state.seen]") == [op, shown]
    page.press("/")
    page.page.keyboard.type("dL/dW2")
    assert page.page.locator('.dialog li [aria-disabled="true"]').count() > 0
    page.press("Enter")
    assert "Predict" in page.text(".notice") and "What if: not in an exercise" in page.text(".inspector")


def test_keys_without_effect_say_why(opened: Opened) -> None:
    step = first_step()
    page = opened(scenario_page("fruit", 3), f"#op={len(step.nodes) - 1}")
    for key, reason in [("ArrowRight", "last operation"), ("ArrowUp", "first step"), ("Backspace", "no way back")]:
        page.press(key)
        assert reason in page.text(".notice"), key
    page.press("ArrowLeft")
    assert not page.texts(".notice")


def test_an_answer_that_is_no_number_is_no_mistake(opened: Opened) -> None:
    loss = first_step().loss_id
    page = opened(page_of(run_of("fruit", 3), PlayerOptions(asked=("loss",))), f"#op={loss - 1}&seen={loss - 1}&mode=predict")
    page.page.click('[data-answer="+"]')
    for typed in ("", "about 2", "1,234.5", "0x1", "Infinity", "1/2", "1e", "."):
        answer(page, typed)
        assert page.text(".told") == "Type a number, such as -0.25.", typed
    answer_number = repr(first_step().loss)
    answer(page, answer_number)
    assert "1 of 1 right" in page.text("footer")


def test_numbers_are_understood_as_people_type_them(opened: Opened) -> None:
    step = tracer.trace(lambda x: np.sum(((np.sum(x) * -1.0) * -40.0) / 20000.0) * 500.0, [0.5])
    ways = {0.5: " +0,5 ", -0.5: "\u2212.5", 20.0: "2E1", 0.001: "1e-3"}
    forward = [node for node in step.nodes if node.inputs and node.phase != "backward" and float(node.value) in ways]
    page = opened(step_page(step, *(f"#{node.id}" for node in forward)), f"#op={forward[0].id - 1}&mode=predict")
    for count, node in enumerate(forward, 1):
        value = float(node.value)
        page.page.click(f'[data-answer="{"+" if value > 0 else "-"}"]')
        answer(page, ways[value])
        assert f"{count} of {count} right" in page.text("footer"), value
    assert {float(node.value) for node in forward} == set(ways)


def step_page(step: Step, *asked: str) -> str:
    return page_of(trace_of_step(step), PlayerOptions(asked=asked))


def test_shapes_are_understood_as_people_type_them(opened: Opened) -> None:
    id = first_step().node("logits").id
    state = f"#op={id - 1}&seen={id - 1}&mode=predict"
    page = opened(page_of(run_of("fruit", 3), PlayerOptions(asked=("logits",))), state)
    for typed in ("ten", "", "(10, b)"):
        answer(page, typed)
        assert page.text(".told") == "Type a shape, such as (3,5)."
    for typed in ("102", "()", "(2, 10)"):
        answer(page, typed)
        assert "not quite" in page.text(".told")
    for typed in ("(10, 2)", "10,2", "10 2", "10x2", "[10, 2]", "\uff0810\uff0c2\uff09"):
        page.open(state)
        answer(page, typed)
        assert page.page.locator("[data-answer]").count() == 3, typed


def test_what_is_not_finite_is_not_asked_and_truth_is_not_a_sign(opened: Opened) -> None:
    with np.errstate(all="ignore"):
        step = tracer.trace(lambda x: np.sum(np.where(x > 1, x, np.log(-x)) * np.array([1.0, 0.0])), [2.0, 3.0])
    ids = {node.op: node.id for node in step.nodes}
    page = opened(step_page(step), f"#op={ids['greater'] - 1}&mode=predict")
    answer(page, "2")
    assert "True or False" in page.text(".predict") and page.page.locator("[data-answer]").count() == 0
    answer(page, "true")
    assert "1 of 1 right" in page.text("footer")
    asked = set()
    while page.page.locator(".predict >> text=show").count() and len(asked) < len(step.nodes):
        page.page.click(".predict >> text=show")
        page.settle()
        asked.add(int(page.state()["op"]))
    assert ids["log"] not in asked and np.isnan(step.nodes[ids["log"]].value).all()


def test_an_edit_that_ends_with_its_step_is_announced_and_comes_back(opened: Opened) -> None:
    node = first_step().node("W2")
    page = opened(scenario_page("fruit", 3), f"#op={node.id}&at=1&edits={node.id}~1~0.25")
    page.press("ArrowDown")
    page.page.wait_for_function("() => location.hash.includes('step=1')")
    page.settle()
    assert page.text(".notice") == "The new value of W2[0,1] was of step 0."
    page.page.click("text=back to it")
    page.page.wait_for_function("() => document.querySelectorAll('.edited').length === 1")
    assert (page.text("header output"), edits_of(page), page.state()["at"]) == ("0 / 2", [f"{node.id}", "1", "0.25"], "1")
    assert page.page.input_value(".whatif input[type=number]") == "0.25"


def test_the_slider_is_moved_by_keys(opened: Opened) -> None:
    node = first_step().node("W2")
    page = opened(scenario_page("fruit", 3), f"#op={node.id}&at=1")
    page.press("w", "ArrowRight", "ArrowRight")
    value = float(edits_of(page)[2])
    assert value == pytest.approx(node.value[0, 1] + 2 * max(0.5, 2 * abs(node.value[0, 1])) / 500, abs=2e-3) != node.value[0, 1]
    page.press("Escape", "ArrowRight")
    assert page.state()["op"] == str(node.id + 1)


def test_what_if_says_why_a_step_cannot_be_computed(opened: Opened) -> None:
    large = run_of("mnist", 2).steps[0]
    count = sum(node.size for node in large.nodes)
    page = opened(scenario_page("mnist", 2), f"#op={large.parameters[0].id}")
    assert f"the step has {count:,} numbers, more than 60,000" in page.text(".inspector")
    step = tracer.trace(lambda w: np.sum(np.cumsum(w)), [1.0, 2.0])
    w = step.node("w")
    page = opened(step_page(step), f"#op={w.id}")
    assert "the page has no rule for cumsum, which cumsum(w) is computed by" in page.text(".inspector")
