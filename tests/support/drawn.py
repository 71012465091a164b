"""The geometry of a picture: outlines of boxes and extents of texts in their fonts."""

from __future__ import annotations

import functools
import itertools
import math
import re
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tracer.views.diagrams.dot import CAPTION_SIZE, NUMBER_SIZE

SVG = "{http://www.w3.org/2000/svg}"
FONT = Path(__file__).parent.parent.parent / "tracer/rendering/fonts/NotoSansSC-GB2312.ttf"

MONO_WIDTH = 0.602
"""Width of a character of DejaVu Sans Mono relative to the font size."""

ASCENT, DESCENT = 0.76, 0.24
"""Extent of letters above and below the baseline relative to the font size."""


@dataclass(frozen=True)
class Area:
    """A rectangle; y increases downwards, as in SVG."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Area, slack: float = 0.0) -> bool:
        """Whether it contains the other area."""
        return (
            self.left - slack <= other.left
            and other.right <= self.right + slack
            and self.top - slack <= other.top
            and other.bottom <= self.bottom + slack
        )

    def overlap(self, other: Area) -> float:
        """The smallest shift that would separate the areas; 0 if they do not overlap."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, min(across, down))


@dataclass(frozen=True)
class Text:
    """A text in a picture, its extent and its font size."""

    text: str
    area: Area
    size: float


@dataclass(frozen=True)
class Shape:
    """A box or an arrow: its key, its outline and its texts."""

    key: str
    outline: Area
    texts: tuple[Text, ...]


def boxes_of(svg: str) -> dict[str, Shape]:
    """The boxes of a picture by their keys."""
    found = {shape.key: shape for shape in shapes_of(svg, "node")}
    assert len(found) == sum(1 for _ in shapes_of(svg, "node"))
    return found


def arrows_of(svg: str) -> list[Shape]:
    """The arrows of a picture."""
    return list(shapes_of(svg, "edge"))


def sizes_of(svg: str) -> set[float]:
    """The font sizes in a picture."""
    return {float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)}


def shapes_of(svg: str, kind: str) -> Iterator[Shape]:
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class") != kind:
            continue
        xs: list[float] = []
        ys: list[float] = []
        for part in group.iter():
            if part.tag in (f"{SVG}polygon", f"{SVG}path", f"{SVG}polyline"):
                numbers = [float(each) for each in re.findall(r"-?[\d.]+", part.get("points") or part.get("d") or "")]
                xs += numbers[0::2]
                ys += numbers[1::2]
            if part.tag == f"{SVG}ellipse":
                middle, radii = (part.get("cx"), part.get("cy")), (part.get("rx"), part.get("ry"))
                for at, middle_of, radius in zip((xs, ys), map(_number, middle), map(_number, radii), strict=True):
                    at += [middle_of - radius, middle_of + radius]
        token, _, key = group.get("id", "").partition("-")
        assert token
        assert key
        outline = Area(min(xs), min(ys), max(xs), max(ys)) if xs else Area(0, 0, 0, 0)
        yield Shape(key, outline, tuple(_text(each) for each in group.iter(f"{SVG}text")))


def _number(text: str | None) -> float:
    return float(text or "0")


def _text(element: ElementTree.Element) -> Text:
    size, x, y = (_number(element.get(name)) for name in ("font-size", "x", "y"))
    # Leading and trailing spaces are invisible.
    written = (element.text or "").replace("\xa0", " ")
    text = written.rstrip()
    is_mono = "Mono" in (element.get("font-family") or "")
    left = x + width_of(text[: len(text) - len(text.lstrip())], size, is_mono=is_mono)
    width = width_of(text.lstrip(), size, is_mono=is_mono)
    if element.get("text-anchor") == "middle":
        left = x - width / 2
    else:
        assert element.get("text-anchor") == "start"
    return Text(text.strip(), Area(left, y - ASCENT * size, left + width, y + DESCENT * size), size)


def width_of(text: str, size: float, *, is_mono: bool) -> float:
    """The width of a text in points, monospaced or in the caption font; missing wide characters count as square."""
    if is_mono and text.isascii():
        return MONO_WIDTH * size * len(text)
    advances = _advances()
    return size * math.fsum(advances.get(ord(each), 1.0 if unicodedata.east_asian_width(each) in "FW" else 0.6) for each in text)


@functools.cache
def _advances() -> dict[int, float]:
    """The relative advance width of every character of the bundled font, from the tables cmap, head, hhea and hmtx."""
    content = FONT.read_bytes()
    (count,) = struct.unpack_from(">H", content, 4)
    tables = {}
    for number in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", content, 12 + 16 * number)
        tables[tag.decode()] = offset
    (em,) = struct.unpack_from(">H", content, tables["head"] + 18)
    (measured,) = struct.unpack_from(">H", content, tables["hhea"] + 34)

    def advance(glyph: int) -> float:
        return float(struct.unpack_from(">H", content, tables["hmtx"] + 4 * min(glyph, measured - 1))[0]) / em

    return {character: advance(glyph) for character, glyph in _glyphs(content, tables["cmap"])}


def _glyphs(content: bytes, cmap: int) -> Iterator[tuple[int, int]]:
    (count,) = struct.unpack_from(">H", content, cmap + 2)
    for number in range(count):
        (offset,) = struct.unpack_from(">I", content, cmap + 4 + 8 * number + 4)
        at = cmap + offset
        if struct.unpack_from(">H", content, at)[0] != 4:  # format 4 covers the Basic Multilingual Plane
            continue
        (double,) = struct.unpack_from(">H", content, at + 6)
        half = double // 2
        ends = struct.unpack_from(f">{half}H", content, at + 14)
        starts = struct.unpack_from(f">{half}H", content, at + 16 + double)
        deltas = struct.unpack_from(f">{half}H", content, at + 16 + 2 * double)
        ranges = struct.unpack_from(f">{half}H", content, at + 16 + 3 * double)
        for position, (start, end, delta, distance) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
            for character in range(start, min(end, 0xFFFE) + 1):
                if distance == 0:
                    yield character, (character + delta) % 65536
                    continue
                where = at + 16 + 3 * double + 2 * position + distance + 2 * (character - start)
                (glyph,) = struct.unpack_from(">H", content, where)
                if glyph:
                    yield character, (glyph + delta) % 65536


def assert_readable(svg: str, count: int) -> None:
    """Assert that every text is within its box, nothing overlaps, and no text is too small."""
    boxes = boxes_of(svg)
    assert len(boxes) == count
    assert min(sizes_of(svg)) >= min(NUMBER_SIZE, CAPTION_SIZE) == 9
    for box in boxes.values():
        for text in box.texts:
            assert box.outline.holds(text.area, 0.5), (box, text)
    for one, other in itertools.combinations(boxes.values(), 2):
        assert one.outline.overlap(other.outline) == 0, (one, other)
    labels = [text for arrow in arrows_of(svg) for text in arrow.texts]
    for text in labels:
        for box in boxes.values():
            assert box.outline.overlap(text.area) == 0, (text, box)
    for label, another in itertools.combinations(labels, 2):
        assert label.area.overlap(another.area) < 0.5, (label, another)
