"""The player in a browser: every key, every number, links that restore a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tracer
from support.browser import Page, assert_recorded_numbers, page_of, run_of, scenario_page
from support.slide_steps import lstm_step
from tracer.graph.record import Step
from tracer.graph.single_step import trace_of_step
from tracer.views.notation import number_text
from tracer.views.player.options import PlayerOptions

Opened = Callable[..., Page]

SCENARIOS = ("fruit-pytorch", "fruit-keras", "fruit-sgd", "linear-regression", "mnist", "tensors")


STEPS = {"tensors": 1}


def step_of(name: str) -> Step:
    return run_of(name, STEPS.get(name, 2)).steps[-1]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_number_is_the_recorded_one(opened: Opened, name: str) -> None:
    step = step_of(name)
    page = opened(scenario_page(name, STEPS.get(name, 2)), f"#step={step.index}")
    for node in step.nodes:
        page.at(step=step.index, op=node.id, seen=len(step.nodes))
        assert_recorded_numbers(page, step, node)


def test_keys_move_through_the_step(opened: Opened) -> None:
    page = opened(scenario_page("fruit", 3), "#op=20&seen=20")
    page.press("ArrowRight")
    assert (page.state()["op"], page.state()["seen"]) == ("21", "21")
    page.press("ArrowLeft", "ArrowLeft")
    assert (page.state()["op"], page.state()["seen"]) == ("19", "19")
    step = run_of("fruit", 3).steps[0]
    first = {phase: next(node.id for node in step.nodes if node.phase == phase) for phase in ("loss", "backward", "update")}
    for phase in ("loss", "backward", "update"):
        page.press("Shift+ArrowRight")
        assert page.state()["op"] == str(first[phase])
    page.press("Shift+ArrowLeft")
    assert page.state()["op"] == str(first["backward"])
    page.press("ArrowDown")
    page.page.wait_for_function("() => location.hash.includes('step=1')")
    assert page.text("header output") == "1 / 2"
    page.press("ArrowUp")
    page.page.wait_for_function("() => !location.hash.includes('step=')")


def test_enter_follows_the_largest_term_and_backspace_returns(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    gradient = step.node("dL/dW2")
    page = opened(scenario_page("fruit", 3), f"#op={gradient.id}&seen={gradient.id}&at=1")
    page.press("Enter")
    left, right = (step.nodes[id] for id in gradient.operands)
    products = left.value[0] * right.value[:, 1]
    assert page.state()["op"] == str(left.id)
    assert page.state()["at"] == str(int(np.argmax(np.abs(products))))
    page.press("Backspace")
    assert (page.state()["op"], page.state()["at"]) == (str(gradient.id), "1")


def test_twin_leads_to_the_value_of_a_gradient_and_back(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    page = opened(scenario_page("fruit", 3), f"#op={step.node('dL/dW2').id}&at=3")
    page.press("t")
    assert (page.state()["op"], page.state()["at"]) == (str(step.node("W2").id), "3")
    page.press("t")
    assert page.state()["op"] == str(step.node("dL/dW2").id)
    page.at(op=step.node("dL/dlogits").id)
    page.press("t")
    assert page.state()["op"] == str(step.node("logits").id)


def test_the_browser_goes_back_from_a_jump(opened: Opened) -> None:
    page = opened(scenario_page("fruit", 3), "#op=49&seen=60&at=1")
    page.press("Enter", "Enter")
    page.page.go_back()
    page.page.go_back()
    page.settle()
    assert (page.state()["op"], page.state()["at"]) == ("49", "1")


def test_enter_works_after_a_click_on_a_cell(opened: Opened) -> None:
    page = opened(scenario_page("fruit", 3), "#op=49&seen=60")
    page.page.click('[data-element="49:3"]')
    page.settle()
    assert page.state()["at"] == "3"
    page.press("Enter")
    assert page.state()["op"] != "49"


def test_fast_keys_are_all_heard(opened: Opened) -> None:
    page = opened(scenario_page("fruit", 3), "#op=20&seen=20")
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"
    page.page.evaluate(f"() => {{ for (let k = 0; k < 15; k += 1) {press} }}")
    page.settle()
    assert page.state()["op"] == "35"


def test_an_edit_is_of_its_step(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    page = opened(scenario_page("fruit", 3), f"#op={step.node('W2').id}&at=1&edits={step.node('W2').id}~1~0.25")
    page.press("ArrowDown")
    page.page.wait_for_function("() => location.hash.includes('step=1')")
    assert "edits" not in page.state() and not page.texts(".edited")


def test_a_click_on_the_curve_of_the_loss_goes_to_a_step(opened: Opened) -> None:
    page = opened(scenario_page("linear-regression", 5))
    losses = [step.loss for step in run_of("linear-regression", 5).steps]
    path = page.page.get_attribute(".curve path", "d")
    points = [tuple(map(float, each.split(","))) for each in path.replace("h0", "")[1:].split("L")]
    assert np.argsort([-height for _, height in points]).tolist() == np.argsort(losses).tolist()
    for position in (3, 0, 4):
        box = page.page.locator(".curve").bounding_box()
        page.page.mouse.click(box["x"] + points[position][0] * box["width"] / 240, box["y"] + 20)
        page.page.wait_for_function(f"() => document.querySelector('header output').textContent === '{position} / 4'")


def test_space_plays_and_pauses(opened: Opened) -> None:
    page = opened(scenario_page("fruit", 3), "#op=20&seen=20")
    page.press(" ")
    page.page.wait_for_function("() => location.hash.includes('op=21')", timeout=5000)
    page.press(" ")
    stopped = page.state()["op"]
    page.page.wait_for_timeout(900)
    assert page.state()["op"] == stopped


def test_zooms_open_modules_and_numbers(opened: Opened) -> None:
    page = opened(scenario_page("fruit", 3), "#op=20&seen=40")
    page.press("1")
    closed = page.page.locator(".graph .box").count()
    page.press("2")
    opened_one = page.page.locator(".graph .box").count()
    page.press("3")
    assert closed < opened_one < page.page.locator(".graph .box").count()
    page.press("4")
    assert page.page.locator(".around .box").count() > 1


def test_search_and_help(opened: Opened) -> None:
    page = opened(scenario_page("fruit", 3))
    page.press("/")
    page.page.keyboard.type("W2_new[1,1]")
    page.press("Enter")
    assert (page.state()["op"], page.state()["at"]) == (str(run_of("fruit", 3).steps[0].node("W2_new").id), "3")
    page.press("/")
    page.page.keyboard.type("zzz")
    assert "nothing found" in page.text(".dialog")
    page.press("Escape")
    page.press("?")
    assert page.page.locator(".dialog kbd").count() > 10
    page.press("Escape")
    assert page.page.locator(".dialog").count() == 0


def test_values_appear_when_the_playhead_has_passed_them(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    page = opened(scenario_page("fruit", 3), f"#op={step.loss_id}&seen={step.loss_id}")
    assert not page.texts(".graph text.gradient")
    page.at(op=step.loss_id, seen=step.node("dL/dh1").id)
    shown = page.page.locator(".graph text.gradient").count()
    assert shown == sum(gradient <= step.node("dL/dh1").id for id, gradient in step.gradients.items() if id in _homes(page))


def _homes(page: Page) -> set[int]:
    return set(map(int, page.page.eval_on_selector_all(".graph .box", "all => all.map(each => each.dataset.node)")))


def test_a_link_restores_a_moment(opened: Opened) -> None:
    html = scenario_page("fruit", 3)
    page = opened(html, "#op=20&seen=40")
    page.press("2", "ArrowRight", "Enter")
    page.page.click("text=dark")
    page.settle()
    address = page.page.evaluate("() => location.hash")
    other = opened(html, address)
    assert other.state() == page.state()
    for selector in (".inspector", ".graph", ".said"):
        assert other.text(selector) == page.text(selector)


@pytest.mark.parametrize(
    "state",
    [
        "#op=99999&seen=-3&at=99999",
        "#step=77",
        "#zoom=9&open=zzz",
        "#edits=4~1",
        "#edits=4~1~abc",
        "#edits=99~99~1",
        "#lang=xx&theme=no",
        "#%%%",
    ],
)
def test_a_broken_link_opens_a_page(opened: Opened, state: str) -> None:
    page = opened(scenario_page("fruit", 3), state)
    assert page.text(".said")
    assert "undefined" not in page.text("#player") and "NaN" not in page.text(".arithmetic")


def test_prediction_right_and_wrong(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    node = step.node("logits")
    page = opened(page_of(run_of("fruit", 3), PlayerOptions(asked=("logits[0,1]",))), f"#op={node.id - 1}&seen={node.id - 1}")
    page.press("p")
    page.page.fill("#answer", "(2,10)")
    page.press("Enter")
    assert "not quite" in page.text(".told") and "h1 @ W2 + b2" in page.text(".told")
    page.page.fill("#answer", "10, 2")
    page.press("Enter")
    page.page.click('[data-answer="-"]')
    page.page.fill("#answer", f"{1.02 * node.value[0, 1]:.6f}")
    page.press("Enter")
    assert "not quite" in page.text(".told")
    page.page.fill("#answer", "about 3")
    page.press("Enter")
    assert "Type a number" in page.text(".told")
    page.page.fill("#answer", f"{1.005 * node.value[0, 1]:.6f}")
    page.press("Enter")
    assert page.state()["op"] == str(node.id)
    assert "0 of 1 right" in page.text("footer")


def test_a_prediction_without_a_mistake_counts(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    loss = step.nodes[step.loss_id]
    page = opened(
        page_of(run_of("fruit", 3), PlayerOptions(asked=("loss",))), f"#op={loss.id - 1}&seen={loss.id - 1}&mode=predict"
    )
    page.page.click('[data-answer="+"]')
    page.page.fill("#answer", number_text(step.loss))
    page.press("Enter")
    assert "1 of 1 right" in page.text("footer")


def test_an_exercise_shows_no_result_before_it_is_predicted(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    options = PlayerOptions(asked=("logits", "loss"), is_exercise=True)
    html = page_of(run_of("fruit", 3), options)
    assert number_text(step.loss) not in html and repr(step.loss) not in html
    page = opened(html, f"#op={len(step.nodes) - 1}&seen={len(step.nodes) - 1}")
    hidden = number_text(step.node("logits").value[0, 0])
    for keys in ((), ("ArrowRight",) * 3, ("Shift+ArrowRight",), ("ArrowDown",), (" ",)):
        page.press(*keys)
        assert hidden not in page.text("#player") and "(10,2)" not in page.text(".graph .box.asked")
        assert int(page.state()["seen"]) == step.node("logits").id - 1
    assert not page.texts(".whatif")
    page.page.click(".predict >> text=show")
    page.settle()
    assert hidden in page.text("#player")


@pytest.mark.parametrize(
    ("name", "parameter"), [("fruit-pytorch", "W2"), ("fruit-keras", "W1"), ("linear-regression", "w"), ("fruit-sgd", "w")]
)
def test_what_if_gives_the_numbers_of_a_run_with_that_parameter(opened: Opened, name: str, parameter: str) -> None:
    step = run_of(name, 2).steps[0]
    parameters = {node.name: node.value.copy() for node in step.parameters}
    node = step.node(parameter)
    parameters[parameter].ravel()[-1] += 0.25
    expected = tracer.run(tracer.load(name), steps=1, parameters=parameters).steps[0]
    value = float(parameters[parameter].ravel()[-1])
    page = opened(scenario_page(name, 2), f"#op={node.id}&at={node.size - 1}&edits={node.id}~{node.size - 1}~{value!r}")
    assert page.text(".edited").startswith("recomputed, not recorded")
    values = page.page.evaluate("() => player.step.values.map(value => value && Array.from(value.data))")
    for each in expected.nodes:
        relative, absolute = (1e-3, 1e-6) if each.dtype == "float32" else (1e-12, 1e-13)
        np.testing.assert_allclose(values[each.id], each.value.ravel(), rtol=relative, atol=absolute, err_msg=repr(each))
    assert values[expected.loss_id] != [step.loss]


def test_what_if_changes_with_the_slider_and_is_undone(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    page = opened(scenario_page("fruit", 3), f"#op={step.node('W2').id}&at=1&seen=112")
    before = page.texts(".graph text")
    page.page.fill(".whatif input[type=range]", "0.1")
    page.settle()
    assert "change of the loss" in page.text(".whatif") and page.texts(".graph text") != before
    page.page.click("text=undo all")
    page.settle()
    assert page.texts(".graph text") == before


def test_the_page_is_readable_by_everybody(opened: Opened) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    fruit = ("#op=49&seen=60", "#op=49&seen=60&theme=dark", "#op=4&mode=predict", "#op=20&zoom=4")
    lstm = ("#op=49&seen=60", "#op=49&seen=60&zoom=1&theme=dark")
    repeated = page_of(trace_of_step(lstm_step(6)))
    for html, state in (*((scenario_page("fruit", 3), each) for each in fruit), *((repeated, each) for each in lstm)):
        page = opened(html, state, bypass_csp=True)
        found = axe.run(page.page).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        assert not [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in serious]


@pytest.mark.parametrize("width", [1000, 1440])
def test_nothing_is_wider_than_the_window(opened: Opened, width: int) -> None:
    step = run_of("fruit", 3).steps[0]
    state = f"#op={step.node('W2').id}&at=1&seen=112&edits={step.node('W2').id}~1~0.25"
    page = opened(scenario_page("fruit", 3), state, viewport={"width": width, "height": 900})
    assert page.page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("state", ["#op=49&seen=60&lang=zh", "#op=4&lang=zh&mode=predict", "#op=4&lang=zh&zoom=1"])
def test_chinese_leaves_no_english(opened: Opened, state: str) -> None:
    page = opened(scenario_page("fruit", 3), state)
    english = {
        "value",
        "gradient",
        "from",
        "used by",
        "new value",
        "smallest",
        "step",
        "loss",
        "play",
        "predict",
        "keys",
        "operations",
    }
    words = set(page.texts("button, dt, h3, header span, .muted"))
    assert not english & words


def test_a_narrow_page_has_tabs(opened: Opened) -> None:
    narrow = {"viewport": {"width": 600, "height": 900}}
    page = opened(scenario_page("fruit", 3), **narrow)
    assert page.page.is_visible(".graph") and page.page.is_visible(".code") and not page.page.is_visible(".inspector")
    page.press("ArrowRight")
    assert page.page.is_visible(".code") and not page.page.is_visible(".inspector")  # the choice is kept
    page.page.get_by_role("tab", name="inspector").click()
    assert page.page.is_visible(".inspector") and not page.page.is_visible(".code")
    assert page.page.evaluate("() => document.documentElement.scrollWidth") <= 600
    page.open("#op=20&seen=40")
    assert page.page.is_visible(".graph") and page.page.is_visible(".inspector") and not page.page.is_visible(".code")


def test_numbers_that_are_not_finite_stand_out_where_their_value_is(opened: Opened) -> None:
    """A gradient of NaN: at the box of the parameter, and only when it has been computed."""
    run = tracer.record()
    w = run.parameters(w=np.array([0.0, 1.0]))
    with run.step(), np.errstate(all="ignore"):
        loss = np.sum(np.sqrt(w**2))
        loss.backward()
        w -= 0.1 * w.grad
    step = run.trace.steps[0]
    page = opened(page_of(run.trace), f"#op=1&seen={step.loss_id}")
    assert page.page.locator(".graph .alarming").count() == 0
    page.at(op=1, seen=len(step.nodes))
    alarming = page.page.eval_on_selector_all(".graph .alarming", "all => all.map(each => Number(each.dataset.node))")
    expected = {id for id, gradient in step.gradients.items() if not step.nodes[gradient].is_finite} & _homes(page)
    assert set(alarming) == expected and step.node("w").id in alarming


def test_gradients_of_the_program_stand_beside_the_true_ones(opened: Opened) -> None:
    run = tracer.record()
    w = run.parameters(w=np.array([1.0, 2.0]))
    with run.step():
        loss = np.sum(w**2)
        dw = w * 1.0
        w -= 0.1 * dw
    step = run.trace.steps[0]
    assert step.own_gradients, loss
    page = opened(page_of(run.trace), f"#op=0&seen={len(step.nodes)}")
    assert page.texts(".graph text.own") == ["own 1  2"]
    assert "2  4" in page.texts(".graph text.gradient")


def test_values_that_are_not_in_the_page_show_their_range(opened: Opened, tmp_path: Path) -> None:
    tracer.save(run_of("fruit", 3), tmp_path / "run.sqlite", values="summary")
    page = opened(page_of(tracer.open(tmp_path / "run.sqlite")), "#op=20&seen=40")
    node = run_of("fruit", 3).steps[0].node("h1")
    assert f"{number_text(node.summary.minimum)} \u2026 {number_text(node.summary.maximum)}" in page.texts(".graph text.value")
    assert "The values are not in this page." in page.text(".inspector")
