"""The inspector of the player in a browser: typeset formulas, and the arithmetic of PyTorch's operations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.browser import Page, run_of, scenario_page
from tracer.views.notation import Labels

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


@pytest.mark.parametrize("options", [{}, {"viewport": {"width": 600, "height": 900}}], ids=["wide", "narrow"])
def test_no_formula_is_wider_than_its_pane(opened: Opened, options: dict[str, dict[str, int]]) -> None:
    step = run_of("fruit", 3).steps[0]
    page = opened(scenario_page("fruit", 3), **options)
    if options:
        page.page.click("text=inspector")
    for node in step.nodes:
        page.at(op=node.id, seen=len(step.nodes), mode="predict")
        assert page.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        assert page.page.eval_on_selector(".inspector", "pane => pane.scrollWidth - pane.clientWidth") <= 0, node
