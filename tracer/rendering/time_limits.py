"""Lays out the pictures of one command within a time limit for each and for all of them."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tracer.i18n.message import Message
from tracer.rendering import engine as engines
from tracer.rendering.engine import Engine
from tracer.views.svg import Drawing, PictureError

if TYPE_CHECKING:
    from tracer.views.player.pictures.positions import Positions

Result = TypeVar("Result")

TOTAL = 60.0
"""Time limit of all layouts together, in seconds."""

SMALL = 30_000
"""Maximum length of DOT that is still laid out when that time is up: enough for the coarsest zoom."""

EXTRA = 10.0
"""Time for small pictures after that, in seconds."""


def _nothing() -> None:
    pass


@dataclass(slots=True)
class TimedLayout:
    """Lays out DOT. `spent` is the time taken so far; `started` is called before every layout."""

    engine: Engine
    started: Callable[[], None] = _nothing
    spent: float = 0.0

    def __call__(self, dot: str) -> Drawing:
        """Draw a graph. Raises PictureError if that fails or takes too long."""
        return self._within_limits(self.engine.layout, dot)

    def place(self, dot: str) -> Positions:
        """Place the boxes and arrows of a graph. Raises PictureError if that fails or takes too long."""
        from tracer.rendering.positions import positions  # only a player needs the places

        return self._within_limits(functools.partial(positions, self.engine), dot)

    def _within_limits(self, layout: Callable[[str, float], Result], dot: str) -> Result:
        left = TOTAL - self.spent
        if left <= 0 and len(dot) <= SMALL:
            left += EXTRA
        no_time = PictureError(Message("no_time_left", {"seconds": TOTAL}))
        if left <= 0:
            raise no_time
        self.started()
        start = time.monotonic()
        try:
            return layout(dot, min(left, engines.TIME_LIMIT))
        except PictureError as error:
            raise (no_time if error.reason.code == "layout_too_slow" and left < engines.TIME_LIMIT else error) from None
        finally:
            self.spent += time.monotonic() - start
