"""The inspector of the player in a browser: typeset formulas, and the arithmetic of PyTorch's operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

import tracer
from support.browser import Page, assert_recorded_numbers, operands_on, page_of, run_of, scenario_page
from tracer.i18n.language import language_of
from tracer.ops.foreign.names import base_name
from tracer.views.explaining.optimizer_words import operation_words
from tracer.views.notation import Labels, number_text

Opened = Callable[..., Page]

COPIED = """() => {
  const formula = document.querySelector(".formula .equation");
  getSelection().selectAllChildren(formula);
  const event = new ClipboardEvent("copy", { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
  formula.dispatchEvent(event);
  return event.clipboardData.getData("text/plain");
}"""


def test_formulas_are_typeset_and_copied_as_text(opened: Opened) -> None:
    step = run_of("fruit", 3).steps[0]
    labels = Labels(step.nodes)
    page = opened(scenario_page("fruit", 3))
    for name in ("logits", "total", "dL/dW2", "W1_new"):
        node = step.node(name)
        page.at(op=node.id, seen=len(step.nodes))
        assert page.page.get_attribute(".formula .equation", "aria-label") == labels.equation(node)
        assert page.page.evaluate(COPIED) == labels.equation(node)
        sizes = page.page.eval_on_selector_all(".formula math", "all => all.map(each => each.getBoundingClientRect().height)")
        assert sizes and min(sizes) > 8
    fraction = page.page.eval_on_selector(
        ".formula mfrac", "each => [...each.children].map(part => part.getBoundingClientRect().top)"
    )
    assert fraction[0] < fraction[1]  # the browser draws one above the other


OVERFLOW = """() => {
    const pane = document.querySelector(".inspector");
    return [document.documentElement.scrollWidth - innerWidth, pane.scrollWidth - pane.clientWidth];
}"""
"""By how much the page is wider than the window, and the inspector than its pane."""


@pytest.mark.parametrize("options", [{}, {"viewport": {"width": 600, "height": 900}}], ids=["wide", "narrow"])
def test_no_formula_is_wider_than_its_pane(opened: Opened, options: dict[str, dict[str, int]]) -> None:
    step = run_of("fruit", 3).steps[0]
    page = opened(scenario_page("fruit", 3), **options)
    if options:
        page.page.click("text=inspector")
    for node in step.nodes:
        page.at(op=node.id, seen=len(step.nodes), mode="predict")
        assert max(page.page.evaluate(OVERFLOW)) <= 0, node


def test_every_number_of_pytorch_operations_is_the_recorded_one(opened: Opened) -> None:
    pytest.importorskip("torch")
    from support.torch_pages import run_of_many_operations

    trace = run_of_many_operations()
    step = trace.steps[0]
    page = opened(page_of(trace))
    followed = set()
    looked_at: Counter[tuple[str, str]] = Counter()
    for node in step.nodes:
        looked_at[node.op, node.phase] += 1
        if looked_at[node.op, node.phase] > 2:
            continue
        page.at(op=node.id, seen=len(step.nodes))
        assert_recorded_numbers(page, step, node)
        if list(operands_on(page)):
            followed.add(base_name(node.op))
    assert followed >= {
        "convolution", "convolution_backward", "native_batch_norm", "native_layer_norm_backward", "embedding", "_log_softmax",
        "embedding_dense_backward",  "nll_loss_backward", "mse_loss", "bmm", "gelu",
        "_scaled_dot_product_flash_attention_for_cpu",
    }  # fmt: skip


def test_what_is_not_worked_out_has_its_reason(opened: Opened) -> None:
    run = tracer.record()
    w = run.parameters(w=np.linspace(-1, 1, 90 * 60).reshape(90, 60))
    with run.step():
        joined = np.concatenate([w, w * w])
        z = np.sort(joined.sum(axis=1))
        loss = z.sum() + np.linalg.det(np.diag(z[:3]))
        loss.backward()
    step = run.trace.steps[0]
    page = opened(page_of(run.trace))
    joined_values = step.node("joined")
    page.at(op=joined_values.id, at=6007, seen=len(step.nodes))
    assert "in levels only" in page.text(".inspector")
    page.page.click(".inspector >> text=to an element that is")
    page.page.wait_for_selector(".arithmetic [data-term]")
    places = next(node for node in step.nodes if node.op == "argsort")
    page.at(op=places.id, seen=len(step.nodes))
    assert "The page has no rule for argsort." in page.text(".inspector")


@pytest.mark.parametrize(
    ("scale", "told"),
    [
        ([2.0, 2.0], "is the true one, to rounding"),
        ([1.0, 1.0], "is 0.5 times the true one"),
        ([2.0, 1.0], "is not the true one, nor a multiple of it"),
    ],
)
def test_a_gradient_of_the_program_is_compared_with_the_true_one(opened: Opened, scale: list[float], told: str) -> None:
    run = tracer.record()
    w = run.parameters(w=np.array([1.0, 3.0]))
    with run.step():
        loss = np.sum(w**2)
        dw = w * np.array(scale)
        w -= 0.1 * dw
    step = run.trace.steps[0]
    assert loss is not None
    ((value, own),) = step.own_gradients.items()
    true = step.gradients[value]
    page = opened(page_of(run.trace))
    for shown in (value, own, true):
        page.at(op=shown, seen=len(step.nodes))
        assert told in page.text(".inspector .own")
        assert ("tracer check" in page.text(".inspector .own")) == ("nor" in told)
        places = page.page.eval_on_selector_all(".own [data-own]", "all => all.map(each => each.dataset.own)")
        numbers = dict(zip(places, page.texts(".own [data-own]"), strict=True))
        for id in (own, true):
            assert numbers[f"{id}:0"] == number_text(step.nodes[id].value[0])
        difference = np.abs(step.nodes[own].value - step.nodes[true].value).max()
        assert f"largest difference {number_text(difference)}" in page.text(".inspector .own")
        assert f"{own}:{int(np.argmax(np.abs(step.nodes[own].value - step.nodes[true].value)))}" in numbers
    page.at(op=value, seen=max(own, true) - 1)
    assert not page.texts(".inspector .own")  # one of them is not computed yet


def test_a_backward_operation_has_the_line_that_runs_it_and_that_it_differentiates(opened: Opened) -> None:
    pytest.importorskip("torch")
    from support.torch_pages import run_of_many_operations

    step = run_of_many_operations().steps[0]
    node = next(each for each in step.nodes if base_name(each.op) == "convolution_backward")
    forward = step.nodes[node.rule_of]
    page = opened(page_of(run_of_many_operations()), f"#op={node.id}&seen=300")
    seed = step.nodes[step.gradients[step.loss_id]]
    assert f"{seed.source}, differentiates {forward.source}" in page.text(".inspector")
    assert "loss.backward()" in page.text(".code")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_operations_of_an_update_say_what_they_do(opened: Opened, lang: str) -> None:
    pytest.importorskip("torch")
    from support.torch_pages import run_of_many_operations

    trace = run_of_many_operations()
    step = trace.steps[0]
    mean = next(node for node in step.nodes if base_name(node.op) == "lerp")
    page = opened(page_of(trace), f"#op={mean.id}&seen=300&lang={lang}")
    words = operation_words(step, mean, Labels(step.nodes), language_of(lang), 0.01)
    assert words and page.text(".words") == words
    page.at(op=step.loss_id, lang=lang)
    assert not page.texts(".words")
