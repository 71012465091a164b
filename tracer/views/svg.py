"""The type of a laid-out picture, and of the function that lays one out: views do not start processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as SVG text, and its width and height in points."""

    svg: str
    width: float
    height: float


Layout: TypeAlias = Callable[[str], Drawing]
"""From DOT to a picture."""
