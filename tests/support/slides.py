"""The parts of a slide read from its SVG: texts with their extents, panels and wires."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from support.drawn import ASCENT, DESCENT, SVG, Area, width_of


@dataclass(frozen=True)
class Text:
    """A text, its extent, its font size, and the element that it is the number of."""

    text: str
    area: Area
    size: float
    node: int | None
    index: tuple[int, ...]


@dataclass(frozen=True)
class Wire:
    """A line from a panel to a panel, by their keys; empty for the loss, and outside of the row."""

    tail: str
    head: str
    points: tuple[tuple[float, float], ...]
    colour: str
    width: float

    def segments(self) -> list[Area]:
        """The straight parts, as thin rectangles."""
        pairs = zip(self.points, self.points[1:], strict=False)
        return [Area(min(x, u), min(y, v), max(x, u), max(y, v)) for (x, y), (u, v) in pairs]


@dataclass(frozen=True)
class Drawn:
    """The parts of a slide."""

    width: float
    height: float
    texts: list[Text]
    panels: dict[str, Area]
    wires: list[Wire]


def drawn(svg: str) -> Drawn:
    """Read a slide."""
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    texts, panels, wires = [], {}, []
    for part in root.iter():
        if part.tag == f"{SVG}text":
            texts.append(_text(part))
        elif part.tag == f"{SVG}rect" and part.get("data-panel"):
            x, y, w, h = (float(part.get(name, "0")) for name in ("x", "y", "width", "height"))
            panels[part.get("data-panel", "")] = Area(x, y, x + w, y + h)
        elif part.tag == f"{SVG}path" and part.get("data-tail") is not None:
            numbers = [float(each) for each in re.findall(r"-?[\d.]+", part.get("d", ""))]
            points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
            wires.append(
                Wire(
                    part.get("data-tail", ""),
                    part.get("data-head", ""),
                    points,
                    part.get("stroke", ""),
                    float(part.get("stroke-width", "0")),
                )
            )
    return Drawn(width, height, texts, panels, wires)


def _text(part: ElementTree.Element) -> Text:
    size, x, y = (float(part.get(name, "0")) for name in ("font-size", "x", "y"))
    text = part.text or ""
    width = width_of(text, size, is_mono="Mono" in part.get("font-family", ""))
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[part.get("text-anchor", "start")]
    index = part.get("data-index", "")
    node = part.get("data-node")
    return Text(
        text, Area(left, y - ASCENT * size, left + width, y + DESCENT * size), size,
        int(node) if node is not None else None, tuple(map(int, index.split(","))) if index else (),
    )  # fmt: skip


def assert_apart(shown: Drawn) -> None:
    """No text on a text or across a border, no panel on a panel, no wire through a text or a panel."""
    for one, other in itertools.combinations(shown.texts, 2):
        assert one.area.overlap(other.area) < 1.5, (one, other)
    for (key, area), (another, beside) in itertools.combinations(shown.panels.items(), 2):
        assert area.overlap(beside) == 0, (key, another)
    for text in shown.texts:
        for panel in shown.panels.values():
            assert panel.overlap(text.area) == 0 or panel.holds(text.area, 1), text
    for wire in shown.wires:
        for segment in wire.segments():
            for text in shown.texts:
                inner = Area(text.area.left, text.area.top + 3, text.area.right, text.area.bottom - 3)
                assert not crosses(segment, inner), (wire, text)
            for key, panel in shown.panels.items():
                assert not crosses(segment, panel), (wire, key)


def crosses(line: Area, area: Area) -> bool:
    """Whether a horizontal or vertical line goes through the inside of an area, not only along its border."""
    across = min(line.right, area.right) - max(line.left, area.left)
    down = min(line.bottom, area.bottom) - max(line.top, area.top)
    is_flat = line.bottom - line.top < line.right - line.left
    return (across > 0.5 and down >= 0 and area.top + 0.5 < line.top < area.bottom - 0.5) if is_flat else (
        down > 0.5 and across >= 0 and area.left + 0.5 < line.left < area.right - 0.5
    )  # fmt: skip
