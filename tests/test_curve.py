"""Line charts: gaps at missing values, and labels that do not overlap."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest

from support.drawn import MONO_WIDTH, SVG
from tracer.views.booklet.line_chart import HEIGHT, SPACING, WIDTH, line_chart
from tracer.views.diagrams.theme import DARK, LIGHT, PRINT, Style, Theme
from tracer.views.notation import number_text

NAN, INF = float("nan"), float("inf")


def drawn(lines: list[tuple[str, list[float]]], positions: list[int] | None = None, theme: Theme = LIGHT) -> ElementTree.Element:
    drawing = line_chart(lines, positions if positions is not None else list(range(len(lines[0][1]))), Style(theme))
    assert not re.search("nan|inf", drawing.svg)
    return ElementTree.fromstring(drawing.svg)


def points(picture: ElementTree.Element) -> list[list[tuple[float, float]]]:
    found = []
    for line in picture.iter(f"{SVG}polyline"):
        pairs = [tuple(map(float, pair.split(","))) for pair in line.get("points", "").split()]
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in pairs)
        found.append([(x, y) for x, y in pairs])
    return found


def test_nonfinite_values_leave_a_gap() -> None:
    runs = points(drawn([("", [1.0, 2.0, NAN, 3.0, INF, -INF, 4.0, 5.0])]))
    assert [len(run) for run in runs] == [2, 1, 2]
    assert runs[0][0][1] > runs[-1][-1][1]  # larger is higher


@pytest.mark.parametrize("values", [[2.0, 2.0, 2.0], [0.0, 0.0], [-1e300, -1e300]])
def test_equal_values_are_a_horizontal_line(values: list[float]) -> None:
    (run,) = points(drawn([("", values)]))
    assert len({y for _, y in run}) == 1


def test_one_value_is_a_dot() -> None:
    picture = drawn([("", [3.0])])
    assert len(list(picture.iter(f"{SVG}circle"))) == 1
    assert [text.text for text in picture.iter(f"{SVG}text")] == ["3", "0"]


def test_empty_chart() -> None:
    for values in ([], [NAN], [NAN, INF]):
        assert points(drawn([("", values)])) == []


def test_largest_numbers_stay_within_the_picture() -> None:
    (run,) = points(drawn([("", [-1.7e308, 1.7e308, 0.0])]))
    assert len({y for _, y in run}) == 3


@pytest.mark.parametrize("value", [-1.234e300, -1.234e-300, -12345.6, -0.00012345, 5.0, -1e-5])
def test_numbers_at_the_axis_are_not_clipped(value: float) -> None:
    picture = drawn([("", [value, value / 3])])
    marks = [text for text in picture.iter(f"{SVG}text") if text.get("text-anchor") == "end"]
    assert number_text(value) in {text.text for text in marks}
    for text in marks:
        assert float(text.get("x", "0")) - len(text.text or "") * MONO_WIDTH * float(text.get("font-size", "0")) >= 0
    (run,) = points(picture)
    assert all(x > float(text.get("x", "0")) for x, _ in run for text in marks)


def test_labels_are_next_to_their_lines_and_do_not_overlap() -> None:
    lines = [(f"[{number}]", [0.0, number / 1000]) for number in range(8)]
    picture = drawn(lines)
    heights = sorted(float(text.get("y", "0")) for text in picture.iter(f"{SVG}text") if (text.text or "").startswith("["))
    assert len(heights) == 8
    assert all(below - above >= SPACING - 0.2 for above, below in itertools.pairwise(heights))
    assert heights[0] >= 0
    assert heights[-1] <= HEIGHT


def test_lines_are_distinguishable_without_colours() -> None:
    lines = [(f"[{number}]", [0.0, float(number)]) for number in range(8)]
    assert len({line.get("stroke-dasharray") for line in drawn(lines, theme=PRINT).iter(f"{SVG}polyline")}) == 8
    for theme in (LIGHT, DARK):
        assert len({line.get("stroke") for line in drawn(lines, theme=theme).iter(f"{SVG}polyline")}) == 8


def test_points_are_placed_by_position() -> None:
    (run,) = points(drawn([("", [1.0, 2.0, 3.0])], [0, 10, 100]))
    assert (run[1][0] - run[0][0]) * 9 == pytest.approx(run[2][0] - run[1][0], abs=1)


def test_hostile_labels_are_escaped() -> None:
    picture = drawn([('<&">', [1.0]), ("b", [2.0])])
    assert '<&">' in {text.text for text in picture.iter(f"{SVG}text")}
