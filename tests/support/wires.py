"""The ways of arrows in a picture, read from its SVG: the points that they go through, and what lies on their way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree import ElementTree

from support.drawn import SVG, Area

Point: TypeAlias = tuple[float, float]

STEPS = 8
"""Number of straight parts that a curve is measured in."""


@dataclass(frozen=True)
class Way:
    """The keys of the boxes at the ends of an arrow, and its way in straight parts."""

    tail: str
    head: str
    points: tuple[Point, ...]

    def parts(self) -> Iterator[tuple[Point, Point]]:
        """The straight parts."""
        return zip(self.points, self.points[1:], strict=False)


def ways_of(svg: str) -> list[Way]:
    """The arrows of a picture."""
    groups = [(group.get("class"), group.get("id", "").partition("-")[2], group)
              for group in ElementTree.fromstring(svg).iter(f"{SVG}g")]  # fmt: skip
    boxes = {key for kind, key, _ in groups if kind == "node"}
    found = []
    for kind, key, group in groups:
        if kind == "edge":
            tail, _, head = re.sub(r"\.\d+$", "", key).partition("--")
            ends = _box(tail, boxes), _box(head, boxes)
            found += [Way(*ends, tuple(_points(path.get("d", "")))) for path in group.iter(f"{SVG}path")]
    return found


def _box(end: str, boxes: Collection[str]) -> str:
    """The box at the end of an arrow, which Graphviz names by the box and the port: `n5_left_below_s`."""
    while end not in boxes:
        end, _, port = end.rpartition("_")
        assert port, boxes
    return end


def _points(path: str) -> Iterator[Point]:
    """The points of a path of lines or of cubic curves."""
    numbers = [float(each) for each in re.findall(r"-?[\d.]+", path)]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    if "C" not in path:
        yield from points
        return
    yield points[0]
    for at in range(0, len(points) - 3, 3):
        yield from (_on_curve(points[at : at + 4], step / STEPS) for step in range(1, STEPS + 1))


def _on_curve(ends: Sequence[Point], at: float) -> Point:
    weights = ((1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3)
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, ends, strict=True)) for axis in (0, 1))
    return x, y


def goes_through(start: Point, end: Point, area: Area, slack: float = 1.0) -> bool:
    """Whether a straight line goes through an area, by more than `slack` inside of its border (Liang-Barsky).

    >>> area = Area(0, 0, 10, 10)
    >>> goes_through((-5, 5), (15, 5), area), goes_through((-5, 0), (15, 0), area), goes_through((-5, 20), (20, -4), area)
    (True, False, True)
    """
    is_beside = max(start[0], end[0]) < area.left or min(start[0], end[0]) > area.right
    if is_beside or max(start[1], end[1]) < area.top or min(start[1], end[1]) > area.bottom:
        return False  # most are
    first, last = 0.0, 1.0
    for axis, low, high in ((0, area.left + slack, area.right - slack), (1, area.top + slack, area.bottom - slack)):
        way = end[axis] - start[axis]
        if low >= high or (way == 0 and not low < start[axis] < high):
            return False
        if way:
            ends = sorted(((low - start[axis]) / way, (high - start[axis]) / way))
            first, last = max(first, ends[0]), min(last, ends[1])
    return first < last
