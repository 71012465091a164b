"""Where a layout engine places the boxes, arrows and frames of a graph. Points, from the upper left corner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """The way of an arrow: a start, then three control points for each Bézier curve; `end` is the tip of its head."""

    tail: str
    head: str
    points: tuple[Point, ...]
    end: Point


@dataclass(frozen=True, slots=True)
class Positions:
    """The places of boxes and clusters by name, and of arrows in the order of the graph's text."""

    width: float
    height: float
    boxes: dict[str, Area]
    clusters: dict[str, Area]
    routes: tuple[Route, ...]


Placing: TypeAlias = Callable[[str], Positions]
"""Places what DOT describes. Raises PictureError if that fails or takes too long."""
