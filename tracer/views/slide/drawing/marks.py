"""What a slide is drawn of: texts, rectangles and lines with places in points, and the frame in which each appears."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from tracer.views.diagrams.theme import Kind

WIDTH, HEIGHT = 960, 540
MARGIN = 20
SMALL, TITLE, HEADING = 14, 16, 20
"""Font sizes in points: of everything, of the titles of boxes, and of the heading."""

LINE_WIDTH = 1.8

LINE = 18
"""Distance of lines of text."""


class Role(StrEnum):
    """What a text or a line is about; the theme has its colour."""

    TEXT = auto()
    MUTED = auto()
    VALUE = auto()
    GRADIENT = auto()
    UPDATE = auto()


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `x` is its left end, its middle or its right end, by `anchor`. `node` and `index` say of which element it is."""

    x: float
    y: float
    text: str
    role: Role = Role.TEXT
    size: int = SMALL
    is_mono: bool = False
    is_bold: bool = False
    anchor: str = "start"
    is_alarming: bool = False
    node: int = -1
    index: tuple[int, ...] = ()
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle: a box of operations, data, a card of parameters; `key` tells which."""

    x: float
    y: float
    width: float
    height: float
    kind: Kind
    key: str
    frame: int = 0

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Wire:
    """A line through points, with an arrowhead at its end; `tail` and `head` are the keys of what it connects.

    `carries` are the values, or those whose gradients it carries back.
    """

    points: tuple[tuple[float, float], ...]
    role: Role
    tail: str
    head: str
    has_arrow: bool = True
    frame: int = 0
    carries: tuple[int, ...] = ()
    width: float = LINE_WIDTH
    is_dotted: bool = False


@dataclass(frozen=True, slots=True)
class Raster:
    """An image of square pixels, in shades; `node` is what it is of."""

    x: float
    y: float
    pixel: float
    rows: tuple[tuple[int, ...], ...]
    node: int
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A slide with places. `frames` is the number of frames in which it is built up."""

    texts: tuple[Text, ...]
    panels: tuple[Panel, ...]
    wires: tuple[Wire, ...]
    frames: int
    rasters: tuple[Raster, ...] = ()
