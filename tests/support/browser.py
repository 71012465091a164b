"""Pages of runs, and what tests do with one in a browser."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tracer
from tracer.graph.record import Node, Step, Trace
from tracer.rendering.engine import find_engine
from tracer.rendering.positions import positions
from tracer.views.diagrams.theme import Style
from tracer.views.notation import Labels, number_of, number_text
from tracer.views.player.options import DEFAULTS, PlayerOptions
from tracer.views.player.player import player

DRAWN = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))"
"""A promise that is kept when the page has drawn."""

SHOWN = """() => {
    const all = selector => [...document.querySelectorAll(selector)];
    const text = each => each.textContent.trim();
    return {
        cells: all("[data-element]").map(each => [each.dataset.element, text(each)]),
        operands: all(".arithmetic [data-term], .terms [data-term]").map(each => [each.dataset.term, text(each)]),
        statistics: all(".statistics dd").map(text),
    };
}"""
"""The numbers of the inspector, with the elements that they are. Asked for at once: a question takes milliseconds."""


class Page:
    """A page in the browser. `problems` are its requests, the messages of its console, and its errors."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.path = path
        self.page.on("request", lambda request: request.url == f"file://{path}" or self.problems.append(request.url))
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, state: str = "") -> Page:
        """The page at a state, which stands in its address."""
        self.page.goto("about:blank")
        self.problems.clear()
        self.page.goto(f"file://{self.path}{state}")
        self.page.wait_for_selector(".inspector", state="attached")
        return self

    def at(self, **state: object) -> None:
        """Go to a state by the address."""
        text = "&".join(f"{name}={value}" for name, value in state.items())
        self.page.evaluate(f"hash => {{ location.hash = hash; return {DRAWN} }}", f"#{text}")

    def settle(self) -> None:
        """Wait until the page has drawn."""
        self.page.evaluate(f"() => {DRAWN}")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that match."""
        found: list[str] = self.page.eval_on_selector_all(selector, "all => all.map(each => each.textContent.trim())")
        return found

    def text(self, selector: str) -> str:
        """The text of the first element that matches."""
        return " ".join(self.page.text_content(selector).split())

    def state(self) -> dict[str, str]:
        """The state in the address."""
        parts = self.page.evaluate("() => location.hash.slice(1)").split("&")
        return dict(part.split("=", 1) for part in parts if part)


def page_of(trace: Trace, options: PlayerOptions = DEFAULTS) -> str:
    """The player of a run."""
    return player(trace, functools.partial(positions, find_engine()), Style(), options)


@functools.cache
def run_of(name: str, steps: int) -> Trace:
    """A run of a scenario."""
    return tracer.run(tracer.load(name), steps=steps)


@functools.cache
def scenario_page(name: str, steps: int) -> str:
    """The player of a run of a scenario."""
    return page_of(run_of(name, steps))


def assert_recorded_numbers(page: Page, step: Step, node: Node) -> None:
    """The inspector shows an operation of a step with its recorded numbers, and the elements it is made of with theirs."""
    labels = Labels(step.nodes)
    shown = page.page.evaluate(SHOWN)
    cells = dict(map(tuple, shown["cells"]))
    if 0 < node.size <= 160 and not (node.op == "data" and len(node.shape) > 2):
        expected = {f"{node.id}:{at}": number_of(node, index, labels.noise) for at, index in enumerate(np.ndindex(node.shape))}
        assert cells == expected, node
    for place, text in shown["operands"]:
        id, at = place_of(place)
        other = step.nodes[id]
        index = tuple(int(each) for each in np.unravel_index(at, other.shape)) if other.shape else ()
        number = number_of(other, index, labels.noise)
        assert text in (number, f"({number})", labels.element(other.id, index)), (node, at)
    largest = node.summary.maximum
    assert shown["statistics"][1] == number_text(bool(largest) if node.dtype == "bool" else largest), node


def operands_on(page: Page) -> Iterator[tuple[tuple[int, int], str]]:
    """The elements that the shown element is made of, by node and position, with the numbers that are shown."""
    for place, text in page.page.evaluate(SHOWN)["operands"]:
        yield place_of(place), text


def place_of(term: str) -> tuple[int, int]:
    """The node and the position of an element that is shown as a term."""
    id, _, at = term.partition(":")
    return int(id), int(at)
