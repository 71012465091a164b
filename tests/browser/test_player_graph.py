"""The graph of the player in a browser: repetitions that are stepped through, what is in sight, and dragging."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from support.browser import Page, page_of, run_of, scenario_page
from support.slide_steps import lstm_step, unrepeated_step
from tracer.graph.single_step import trace_of_step
from tracer.rendering.engine import find_engine
from tracer.rendering.positions import positions
from tracer.views.diagrams.theme import Style
from tracer.views.notation import Labels, number_text
from tracer.views.player.options import DEFAULTS
from tracer.views.player.pictures.positions import Positions
from tracer.views.player.pictures.sections import sections_of
from tracer.views.player.player import player
from tracer.views.svg import PictureError

Opened = Callable[..., Page]


@functools.cache
def lstm_page() -> str:
    return page_of(trace_of_step(lstm_step(6)))


def test_the_stepper_goes_through_the_cells_and_follows_the_playhead(opened: Opened) -> None:
    cells = next(each.cells for each in sections_of(lstm_step(6), Labels(lstm_step(6).nodes)) if each.is_repeated)
    page = opened(lstm_page(), f"#zoom=1&op={cells[0][2]}&seen={cells[-1][-1]}")
    assert page.text(".stepper") == "◀1/6▶" and page.text(".box.selected .title") == "LSTM cell"
    shown = [page.text(".box.selected .value")]
    for k in range(1, 6):
        page.page.click(".turn >> nth=1")
        page.settle()
        assert page.state()["op"] == str(cells[k][2])
        assert page.text(".stepper") == f"◀{k + 1}/6▶" and page.text(".said").startswith(f"LSTM cell {k + 1} of 6,")
        shown.append(page.text(".box.selected .value"))
    assert len(set(shown)) == 6
    assert page.page.get_attribute(".turn >> nth=1", "aria-disabled") == "true"
    page.page.focus(".turn >> nth=0")
    page.press("Enter", " ")
    assert page.state()["op"] == str(cells[3][2])
    page.at(zoom=1, op=cells[2][-1], seen=cells[-1][-1])
    page.press("ArrowRight")
    assert page.state()["op"] == str(cells[2][-1] + 1) and page.text(".stepper") == "◀4/6▶"
    step = lstm_step(6)
    page.at(zoom=1, op=step.gradients[cells[1][5]], seen=len(step.nodes))
    assert page.text(".stepper") == "◀2/6▶"
    page.page.click(".turn >> nth=1")
    page.settle()
    assert page.state()["op"] == str(step.gradients[cells[2][5]])


def test_an_open_repetition_shows_the_operations_of_one_cell(opened: Opened) -> None:
    step = lstm_step(6)
    labels = Labels(step.nodes)
    number, section = next((at, each) for at, each in enumerate(sections_of(step, labels)) if each.is_repeated)
    page = opened(lstm_page(), f"#zoom=1&op={section.cells[4][0]}&seen={len(step.nodes)}")
    page.page.dblclick(f'[data-node="{section.cells[4][0]}"]')
    page.settle()
    assert page.state()["open"] == str(number)
    for k in (4, 3):
        cell = section.cells[k]
        assert page.text(".stepper") == f"◀{k + 1}/6▶"
        drawn = {int(id) for id in page.page.eval_on_selector_all(".box", "all => all.map(each => each.dataset.node)")}
        assert set(cell) <= drawn and not drawn & set(section.ids) - set(cell)
        assert page.text(f'[data-node="{cell[-1]}"] .value').split()[0] == number_text(step.nodes[cell[-1]].value.ravel()[0])
        page.page.click(".turn >> nth=0")
        page.settle()


def test_the_page_says_that_a_picture_is_missing(opened: Opened) -> None:
    def placed(dot: str) -> Positions:
        if dot.count("cluster") > 1:
            raise PictureError("too slow")
        return positions(find_engine(), dot)

    page = opened(player(run_of("fruit", 3), placed, Style(), DEFAULTS), "#op=20")
    assert "not in the page" in page.text(".absence") and page.texts(".box .title")[0] == "dense"
    page.at(op=20, zoom=2, open=1)
    assert not page.texts(".absence")
    page.at(op=20, zoom=2, open=99)
    assert "no picture with this module open" in page.text(".absence")


def test_an_operation_among_many_is_reached_from_its_box(opened: Opened) -> None:
    page = opened(page_of(trace_of_step(unrepeated_step())), "#op=80&seen=800")
    title = page.text(".box.selected .title")
    said = page.text(".said")
    page.page.dblclick(".box.selected .title")
    page.settle()
    assert page.state()["zoom"] == "2" and not page.texts(".absence") and not page.texts(".stepper")
    assert (page.text(".box.selected .title"), page.text(".said")) == (title, said)


def test_a_drag_from_a_box_moves_the_graph_and_a_click_selects(opened: Opened) -> None:
    page = opened(scenario_page("fruit", 3), "#op=20&seen=60")
    box = page.page.locator(".box:not(.selected)").nth(3)
    place = box.bounding_box()
    x, y = place["x"] + 30, place["y"] + 15
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 60, y + 40, steps=4)
    page.page.mouse.up()
    page.settle()
    moved = box.bounding_box()
    assert (moved["x"] - place["x"], moved["y"] - place["y"]) == pytest.approx((60, 40), abs=1)
    assert page.state()["op"] == "20"
    page.page.mouse.move(x + 60, y + 40)
    page.page.mouse.down()
    page.page.mouse.move(x + 62, y + 41)
    page.page.mouse.up()
    page.settle()
    assert page.state()["op"] != "20"


def test_the_selected_box_is_wholly_in_sight(opened: Opened) -> None:
    for html, size in ((lstm_page(), (1440, 900)), (scenario_page("fruit", 3), (600, 900))):
        page = opened(html, "#op=1", viewport={"width": size[0], "height": size[1]})
        frame = page.page.locator(".graph").bounding_box()
        for op in range(0, int(page.page.evaluate("player.step.form.nodes.length")), 31):
            page.at(op=op, seen=op)
            if page.page.locator(".box.selected").count():
                box = page.page.locator(".box.selected > rect").bounding_box()
                assert frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]
                assert frame["y"] <= box["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"]
