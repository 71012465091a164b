"""The picture of all numbers of a step, measured from its SVG: arrays in rows and columns, true arrows, a page of A3."""

from __future__ import annotations

import functools
import itertools
import re
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

import tracer
from support.drawn import Area, assert_readable, boxes_of, sizes_of
from support.traces import first_step
from support.wires import goes_through, ways_of
from tracer.graph.record import Phase, Step
from tracer.i18n.language import CHINESE
from tracer.training.bundled import bundled_names
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.fallback import laid_out
from tracer.views.diagrams.mermaid import mermaid
from tracer.views.diagrams.scalars.graph import ScalarView
from tracer.views.diagrams.theme import PRINT, Kind, Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams
from tracer.views.diagrams.zooms.scalar import in_memory
from tracer.views.notation import Labels
from tracer.views.svg import Drawing

A3 = (1190.0, 842.0)
PHASES = ("", "backward", "update")
PICTURES = [(name, phase) for name in bundled_names() for phase in PHASES
            if (name, phase) not in {("mnist", "backward"), ("tensors", "update")}]  # fmt: skip
"""Without one that takes seconds, and an update that there is not."""


LEFT_TO_RIGHT = Style(direction="LR")


def picture(step: Step, phase: str = "", style: Style = LEFT_TO_RIGHT) -> tuple[Diagram, Drawing]:
    spec = ViewSpec("scalar", phases=(Phase(phase),) if phase else ())
    ((_, diagram),) = diagrams(step, spec, style)

    def layout(dot: str) -> Drawing:
        raise AssertionError

    return diagram, laid_out(diagram, style, layout)


@functools.cache
def drawn(name: str, phase: str) -> tuple[Diagram, Drawing]:
    return picture(first_step(name), phase)


def index_of(key: str) -> tuple[int, tuple[int, ...]]:
    """The node and the index of a box, by its key."""
    node, *index = key.removeprefix("n").split("_")
    return int(node), tuple(map(int, index))


@pytest.mark.parametrize(("name", "phase"), PICTURES)
def test_type_can_be_read_on_a_page(name: str, phase: str) -> None:
    _, drawing = drawn(name, phase)
    assert_readable(drawing.svg, len(boxes_of(drawing.svg)))
    scale = min(A3[0] / max(drawing.width, drawing.height), A3[1] / min(drawing.width, drawing.height))
    assert min(sizes_of(drawing.svg)) * scale >= 6.99


@pytest.mark.parametrize(("name", "phase"), PICTURES)
def test_elements_stand_in_the_rows_and_columns_of_their_array(name: str, phase: str) -> None:
    step, (_, drawing) = first_step(name), drawn(name, phase)
    of_array: dict[int, dict[tuple[int, ...], Area]] = defaultdict(dict)
    for key, shape in boxes_of(drawing.svg).items():
        id, index = index_of(key)
        of_array[id][index] = shape.outline
    for id, areas in of_array.items():
        rank = len(step.nodes[id].shape)
        is_column = len({area.left for area in areas.values()}) == 1
        for (one, area), (other, beside) in itertools.combinations(areas.items(), 2):
            is_vector = is_column and rank == 1
            row, column = (one, 0) if is_vector else (one[:-1], one[-1])
            another, further = (other, 0) if is_vector else (other[:-1], other[-1])
            assert (row < another) == (area.bottom < beside.top)
            assert (row == another) == (area.top == beside.top)
            assert (column < further) == (area.right < beside.left)
        outline = Area(min(a.left for a in areas.values()), min(a.top for a in areas.values()),
                       max(a.right for a in areas.values()), max(a.bottom for a in areas.values()))  # fmt: skip
        others = (area for other, found in of_array.items() if other != id for area in found.values())
        assert all(outline.overlap(area) == 0 for area in others), step.nodes[id].name


@pytest.mark.parametrize(("name", "phase"), PICTURES)
def test_arrows_are_the_uses_between_drawn_numbers(name: str, phase: str) -> None:
    step = in_memory(first_step(name))
    source, (_, drawing) = ScalarView(step, Labels(step.nodes)), drawn(name, phase)
    keys = {index_of(key): key for key in boxes_of(drawing.svg)}
    phases = [Phase(phase)] if phase else [Phase.FORWARD, Phase.LOSS]
    expected = {(keys[used], key) for scalar, key in keys.items() if step.nodes[scalar[0]].phase in phases
                for used in source.operands(scalar) if used in keys}  # fmt: skip
    found = [(way.tail, way.head) for way in ways_of(drawing.svg)]
    assert len(found) == len(set(found))
    assert set(found) == expected


@pytest.mark.parametrize(("name", "phase"), PICTURES)
def test_arrows_start_and_end_at_their_numbers_and_pass_the_others(name: str, phase: str) -> None:
    _, drawing = drawn(name, phase)
    boxes = boxes_of(drawing.svg)
    texts = [text.area for text in texts_outside_of_boxes(drawing.svg)]
    areas = [shape.outline for shape in boxes.values()]
    known: set[Any] = set()
    for way in ways_of(drawing.svg):
        tail, head = boxes[way.tail].outline, boxes[way.head].outline
        (x, y), (end_x, end_y) = way.points[0], way.points[-1]
        assert x == pytest.approx(tail.right, abs=0.2)
        assert tail.top < y < tail.bottom
        assert 0 < head.left - end_x < 6
        assert head.top < end_y < head.bottom
        for part in way.parts():
            if part not in known:
                known.add(part)
                assert not any(goes_through(*part, area) for area in areas), way
                assert not any(goes_through(*part, area, 2.5) for area in texts), way
                assert 0 <= part[1][0] <= drawing.width
                assert 0 <= part[1][1] <= drawing.height


def texts_outside_of_boxes(svg: str) -> list[Any]:
    """The headings, the numbers of rows and columns, and what is left out."""
    clusters = re.findall(r'<g id="([^"]*)" class="cluster">(.*?)</g>', svg, re.DOTALL)
    made = "".join(f'<g id="{key}" class="node"><polygon points="0,0"/>{body}</g>' for key, body in clusters)
    return [text for shape in boxes_of(f'<svg xmlns="http://www.w3.org/2000/svg">{made}</svg>').values() for text in shape.texts]


@pytest.mark.parametrize(("name", "phase"), PICTURES)
def test_rows_and_columns_that_are_left_out_are_counted(name: str, phase: str) -> None:
    step, (diagram, drawing) = first_step(name), drawn(name, phase)
    for grid in diagram.grids:
        node = step.nodes[int(grid.key[1:-1])]
        counts = [int(text.split()[1].replace(",", "")) for text in grid.left_out]
        kinds = ["column" in text for text in grid.left_out]
        more = dict(zip(kinds, counts, strict=True))
        assert (len(grid.rows) + more.get(False, 0)) * (len(grid.rows[0]) + more.get(True, 0)) == node.size
        assert all(f">{text}</text>" in drawing.svg for text in grid.left_out)
    left_out = "arrows from and to numbers that are left out are not drawn" in drawing.svg
    assert left_out == any(grid.left_out for grid in diagram.grids)


def test_small_pictures_have_every_formula() -> None:
    step = tracer.trace(lambda x, w: np.sum(np.square(x @ w)), [1.0, 2.0], [[3.0, 4.0], [5.0, 6.0]])
    diagram, drawing = picture(step)
    assert all(grid.has_formulas for grid in diagram.grids)
    assert "x[0]*w[0,0] + x[1]*w[1,0]" in drawing.svg
    assert drawing.svg.count(">x[0]</text>") == 1


def test_arrows_of_dense_layers_are_not_a_black_area() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((12, 10), (10, 9), (9,))]
    step = tracer.trace(lambda x, W, v: np.sum(np.tanh(x @ W) @ v), *arrays)
    diagram, drawing = picture(step)
    assert 100 < len(diagram.arrows) == len(ways_of(drawing.svg)) <= 360


def test_arrays_that_do_not_fit_are_counted() -> None:
    diagram, _ = drawn("tensors", "backward")
    step, labels = first_step("tensors"), Labels(first_step("tensors").nodes)
    every = [node for node in step.nodes if node.phase is Phase.BACKWARD and not node.is_leaf and not labels.is_inlined(node.id)]
    shown = [grid for grid in diagram.grids if step.nodes[int(grid.key[1:-1])].phase is Phase.BACKWARD]
    (count,) = re.findall(r"arrays that do not fit on the page: (\d+)", " ".join(diagram.left_out))
    leaves = sum(step.nodes[int(grid.key[1:-1])].is_leaf for grid in shown)
    assert len(shown) - leaves + int(count) == len(every)


def test_other_themes_and_languages_have_the_same_places() -> None:
    step = first_step("linear-regression")
    _, one = picture(step)
    _, other = picture(step, style=Style(PRINT, CHINESE, "LR"))
    assert {key: shape.outline for key, shape in boxes_of(one.svg).items()} == {
        key: shape.outline for key, shape in boxes_of(other.svg).items()
    }
    assert "另外 38 行" in other.svg
    assert "#2f6db5" not in other.svg.lower()


def test_from_top_to_bottom_graphviz_lays_out_the_boxes() -> None:
    ((_, diagram),) = diagrams(first_step("fruit-sgd"), ViewSpec("scalar"), Style(direction="TB"))
    assert diagram.grids == ()
    assert len(diagram.boxes) > 20


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_formats_without_grids_count_what_is_left_out(direction: str) -> None:
    name = "linear-regression" if direction == "LR" else "mnist"
    step, style = first_step(name), Style(direction=direction)
    ((_, diagram),) = diagrams(step, ViewSpec("scalar"), style)
    plain = diagram.as_boxes()
    left_out = 0
    for node in (node for node in step.nodes if any(box.key.startswith(f"n{node.id}_") for box in plain.boxes)):
        indices = [index_of(box.key)[1] for box in plain.boxes if box.key.startswith(f"n{node.id}_")]
        rows = len({index if len(node.shape) == 1 else index[:-1] for index in indices})
        columns = len(indices) // rows
        notes = [box for box in plain.boxes if box.key == f"n{node.id}as"]
        counts = {"column" in line: int(line.split()[1].replace(",", "")) for box in notes for line in box.lines}
        if len(node.shape) == 1:
            assert sum(counts.values()) == node.size - len(indices)
        else:
            assert (rows + counts.get(False, 0)) * (columns + counts.get(True, 0)) == node.size
        assert all(box.kind is Kind.ELSEWHERE for box in notes)
        left_out += len(notes)
    assert left_out > 2
    assert "arrows from and to numbers that are left out are not drawn" in mermaid(plain, style)
    assert plain.as_boxes() == plain
