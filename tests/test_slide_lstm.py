"""Slides of LSTM networks that are written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support.slide_steps import lstm_step, numbers, squared, step_of, trained
from support.slides import assert_apart, drawn
from tracer.views.diagrams.theme import Style
from tracer.views.ideas.flow import flow_of
from tracer.views.ideas.lstm import cells_of
from tracer.views.slide.slide import slide_of


def test_gates_and_the_cell_are_boxes_where_there_is_room() -> None:
    content = slide_of(step_of("lstm1"), "", Style()).content
    titles = [box.title for box in content.boxes]
    assert titles == ["dense, sigmoid"] * 3 + ["dense, tanh", "* + tanh", "dense", "mean squared error"]
    assert content.boxes[4].formula == "o * tanh(f * c + i * g)"
    assert {signal.name for signal in content.signals if 4 in signal.heads} >= {"i", "f", "o", "g"}


def test_cells_stand_in_their_order_with_their_gates_named() -> None:
    content = slide_of(step_of("lstm3"), "", Style()).content
    assert [box.title for box in content.boxes] == ["LSTM cell"] * 3 + ["dense", "mean squared error"]
    assert content.boxes[0].formula == "f, i, o: sigmoid, g: tanh\nc = f * c + i * g\nh = o * tanh(c)"
    between = [sorted(signal.name.partition("#")[0] for signal in content.signals if signal.tail == at) for at in range(3)]
    assert between == [["c", "h"], ["c", "h"], ["h"]]


def test_many_cells_are_one_box() -> None:
    shown = slide_of(lstm_step(9), "", Style())
    assert [(box.title, box.repeats) for box in shown.content.boxes][:2] == [("LSTM cell", 9), ("dense", 1)]
    assert "c = f * c + i * g" in shown.content.boxes[0].formula
    assert_apart(drawn(shown.whole().svg))


def test_every_cell_is_found_with_its_gates() -> None:
    step = step_of("lstm3")
    flow = flow_of(step)
    cells = cells_of(flow, flow.ids)
    assert len(cells) == 3
    names = [
        [step.nodes[id].name.partition("#")[0] for id in (cell.forget, cell.input, cell.output, cell.new, cell.c)]
        for cell in cells
    ]
    assert names == [["f", "i", "o", "g", "c"]] * 3
    for cell in cells:
        value = {key: step.nodes[getattr(cell, key)].value for key in ("c", "h", "forget", "input", "output", "new", "previous")}
        np.testing.assert_allclose(value["forget"] * value["previous"] + value["input"] * value["new"], value["c"])
        np.testing.assert_allclose(value["output"] * np.tanh(value["c"]), value["h"])
    assert len({id for cell in cells for id in cell.ids}) == sum(len(cell.ids) for cell in cells)


def parts_of_one_product(x: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    h = c = np.zeros((len(x), 3))
    for t in range(4):
        a = x[:, t] @ Wx + h @ Wh + b
        s = 1 / (1 + np.exp(-a[:, :9]))
        g = np.tanh(a[:, 9:])
        c = g * s[:, 3:6] + s[:, :3] * c
        h = np.tanh(c) * s[:, 6:]
    return h


def not_one(x: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    """As above, with gates that are no sigmoids."""
    h = c = np.zeros((len(x), 3))
    for t in range(4):
        a = x[:, t] @ Wx + h @ Wh + b
        s = np.abs(a[:, :9])
        c = np.tanh(a[:, 9:]) * s[:, 3:6] + s[:, :3] * c
        h = np.tanh(c) * s[:, 6:]
    return h


@pytest.mark.parametrize(("model", "count"), [(parts_of_one_product, 4), (not_one, 0)])
def test_cells_are_known_by_their_values(model: Any, count: int) -> None:
    weights = {"Wx": numbers(2, 12), "Wh": numbers(3, 12), "b": numbers(12)}
    step = trained(model, squared, weights, {"x": numbers(5, 4, 2), "y": numbers(5, 3)})
    flow = flow_of(step)
    assert len(cells_of(flow, flow.ids)) == count
    assert ("LSTM cell" in [box.title for box in slide_of(step, "", Style()).content.boxes]) == bool(count)
