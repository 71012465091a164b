"""What a reader of a picture stumbles over, measured from its SVG: texts on borders and on each other, arrows through boxes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from support.drawn import Shape, Text, arrows_of, boxes_of, shapes_of, sizes_of
from support.wires import Point, Way, goes_through, ways_of


@dataclass(frozen=True)
class Measured:
    """The smallest font size in points, the longer side over the shorter, and the places of faults in words."""

    smallest: float
    elongation: float
    overflowing: tuple[str, ...]
    overlapping: tuple[str, ...]
    labels_on_labels: tuple[str, ...]
    labels_on_boxes: tuple[str, ...]
    labels_on_borders: tuple[str, ...]
    arrows_through_boxes: tuple[str, ...]
    arrows_through_texts: tuple[str, ...]
    arrows: int


def measured(svg: str) -> Measured:
    """Measure a picture."""
    boxes, ways = boxes_of(svg), ways_of(svg)
    labels = [text for arrow in arrows_of(svg) for text in arrow.texts]
    frames = [frame for frame in shapes_of(svg, "cluster") if frame.outline.right > frame.outline.left]
    captions = [text for frame in shapes_of(svg, "cluster") for text in frame.texts]
    width, height = size_of(svg)
    known: dict[tuple[Point, Point], list[Shape]] = {}
    return Measured(
        min(sizes_of(svg)),
        max(width, height) / min(width, height),
        tuple(f"{text.text} in {box.key}" for box in boxes.values() for text in box.texts
              if not box.outline.holds(text.area, 0.5)),
        tuple(f"{one.key} on {other.key}" for one, other in itertools.combinations(boxes.values(), 2)
              if one.outline.overlap(other.outline) > 0),
        tuple(f"{one.text} on {other.text}" for one, other in itertools.combinations([*labels, *captions], 2)
              if one.area.overlap(other.area) >= 0.5),
        tuple(f"{text.text} on {box.key}" for text in [*labels, *captions] for box in boxes.values()
              if box.outline.overlap(text.area) > 0),
        tuple(_on_borders(frames, [*labels, *captions])),
        tuple(f"{way.tail} -> {way.head} through {box.key}" for way in ways for box in _crossed(way, boxes, known)
              if box.key not in (way.tail, way.head)),
        tuple(f"{way.tail} -> {way.head} through {text.text}" for way in ways for text in [*labels, *captions]
              if any(goes_through(*part, text.area, 2.0) for part in way.parts())),
        len(ways),
    )  # fmt: skip


def _crossed(way: Way, boxes: Mapping[str, Shape], known: dict[tuple[Point, Point], list[Shape]]) -> Iterator[Shape]:
    """The boxes that an arrow goes through; of parts that arrows share, found once."""
    for part in way.parts():
        if part not in known:
            known[part] = [box for box in boxes.values() if goes_through(*part, box.outline)]
        yield from known[part]


def _on_borders(frames: list[Shape], texts: list[Text]) -> Iterator[str]:
    """Texts across the border of a cluster."""
    for text, frame in itertools.product(texts, frames):
        if frame.outline.overlap(text.area) > 0.5 and not frame.outline.holds(text.area, 0.5):
            yield f"{text.text} on the border of {frame.key}"


def size_of(svg: str) -> tuple[float, float]:
    """The width and height of a picture in points."""
    root = ElementTree.fromstring(svg)
    width, height = (float(re.sub("[a-z]+", "", root.get(side, "0"))) for side in ("width", "height"))
    return width, height
