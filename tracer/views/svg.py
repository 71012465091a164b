"""The type of a laid-out diagram, and of the layout function, which is passed in: views do not start processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Drawing:
    """A laid-out diagram or chart: SVG text, width and height in points."""

    svg: str
    width: float
    height: float


Layout: TypeAlias = Callable[[str], Drawing]
"""Lays out DOT."""
