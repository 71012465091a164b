"""The player in the frame of a notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.browser import Page, run_of

Opened = Callable[..., Page]


def output_of(value: Any) -> str:
    """What a notebook shows of a value."""
    return str(value._repr_html_())


def notebook_of(cell: str, color: str) -> str:
    """A page like a notebook: text in a colour, with the output of a cell."""
    return f'<!doctype html><meta charset="utf-8"><body style="color: {color}">{cell}<button id="cell">cell</button></body>'


@pytest.fixture
def shown(browser: Any, tmp_path: Path) -> Any:
    """Opens the output of a cell; nothing may be asked for or written to the console."""
    pages: list[Page] = []

    def show(cell: str, color: str = "black", width: int = 950) -> Any:
        path = tmp_path / "notebook.html"
        path.write_text(notebook_of(cell, color), encoding="utf-8")
        page = Page(browser, path, viewport={"width": width, "height": 900})
        page.page.goto(f"file://{path}")
        pages.append(page)
        page.page.frame_locator("iframe").locator(".inspector").wait_for(state="attached")
        return page.page

    yield show
    for page in pages:
        assert [each for each in page.problems if not each.startswith("about:srcdoc")] == []
        page.context.close()


@pytest.mark.parametrize(
    ("color", "theme"), [("black", "light"), ("rgb(230, 230, 230)", "dark"), ("color(srgb 0.9 0.9 0.9)", "dark")]
)
def test_a_page_has_the_theme_of_the_notebook_and_hears_keys(shown: Any, color: str, theme: str) -> None:
    step = run_of("fruit", 3).steps[0]
    node = step.node("dL/dW2")
    page = shown(output_of(step.player(node="dL/dW2[0,1]")), color)
    frame = page.frames[-1]
    assert frame.evaluate("() => document.documentElement.dataset.theme") == theme
    assert frame.text_content(".inspector .name") == "dL/dW2" and "dL/dW2[0,1]" in frame.text_content(".said")
    frame.click(".inspector h2")
    page.keyboard.press("ArrowRight")
    assert frame.text_content(".inspector .name") == step.nodes[node.id + 1].name
    assert page.url.endswith("notebook.html")


def test_a_theme_that_was_chosen_stays(shown: Any) -> None:
    page = shown(output_of(run_of("fruit", 3).steps[0].player(theme="light")), "white")
    assert page.frames[-1].evaluate("() => document.documentElement.dataset.theme") == "light"


def test_an_exercise_does_not_take_the_keys_from_a_cell(browser: Any, shown: Any) -> None:
    page = shown(output_of(run_of("fruit", 3).player(exercise=True, ask="logits")))
    assert page.frames[-1].is_visible("#answer")
    assert page.evaluate("() => document.activeElement.tagName") == "BODY"


def test_the_picture_behind_the_page_is_covered_by_it(shown: Any) -> None:
    """The picture stands in where a notebook leaves frames out; it does not look out below the page."""
    page = shown(output_of(run_of("fruit", 3)))
    lowest = page.evaluate(
        "() => Math.max(...[...document.querySelectorAll('img, p')].map(each => each.getBoundingClientRect().bottom))"
    )
    assert lowest <= page.evaluate("() => document.querySelector('iframe').getBoundingClientRect().bottom")
    assert page.evaluate("() => document.querySelector('img').naturalWidth") > 100
