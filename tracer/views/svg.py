"""The type of a laid-out diagram, and of the layout function, which is passed in: views do not start processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tracer.errors import UsageError
from tracer.i18n.message import Message


class PictureError(UsageError):
    """A picture that is too large, or that the layout engine cannot draw. A coarser one may be drawn instead."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Drawing:
    """A laid-out diagram or chart: SVG text, width and height in points."""

    svg: str
    width: float
    height: float


Layout: TypeAlias = Callable[[str], Drawing]
"""Lays out DOT. Raises PictureError if that fails or takes too long."""
