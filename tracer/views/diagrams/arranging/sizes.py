"""The size of a box as it will be drawn, estimated from its texts: enough to know what fits beside what."""

from __future__ import annotations

from typing import NamedTuple

from tracer.views.aligned_text import display_width
from tracer.views.diagrams.diagram import Box

CHARACTER, LINE = 6.1, 12.0
"""The width of a character and the height of a line, in points."""

PADDING, GAP = 12.0, 14.0
"""The space inside of a box, and between boxes."""

RANK_GAP = 26.0
"""The space between boxes one below the other, where the arrows are."""

MAX_COLUMNS_WIDTH = 44
"""Maximum width in characters of columns side by side; wider ones are stacked."""


class Size(NamedTuple):
    """A width and a height in points."""

    width: float
    height: float


def size_of(box: Box) -> Size:
    """The size of a box."""
    title = box.title.split("\n") if box.title else []
    texts = [display_width(line) for line in (*title, *box.lines, *box.alarms)]
    if title:
        texts[len(title) - 1] += display_width(box.note) + 2
    columns = [max(map(display_width, (column.caption, *column.lines))) for column in box.columns]
    rows = [len(column.lines) + bool(column.caption) for column in box.columns]
    is_stacked = sum(columns) > MAX_COLUMNS_WIDTH
    inside = max(columns, default=0) if is_stacked else sum(columns) + 2 * max(len(columns) - 1, 0)
    lines = len(texts) + (sum(rows) if is_stacked else max(rows, default=0))
    return Size(CHARACTER * max([*texts, inside], default=1) + PADDING, LINE * lines + PADDING)
