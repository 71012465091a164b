"""The cells of a grid of numbers, and their places in it: rows and columns, with gaps for the arrows that end or start there.

An arrow leaves a cell to the right, runs down between the columns, and leaves the grid between two rows; it comes in above a row
and runs down to the left side of its cell. So no arrow goes through a cell.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tracer.views.diagrams.diagram import Box, Grid
from tracer.views.grids import wrapped

SIZE = 10.0
"""Font size in points."""

LINE = 12.0
CHARACTER = 0.61 * SIZE
"""Height of a line and width of a character."""

PADDING = 4.0
LANE = 1.8
"""Distance of two arrows side by side."""

COLUMN_GAP, ROW_GAP = 13.0, 5.0
HEADING_CHARACTERS = 28
"""Minimum width of the formulas above a grid."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: in the colour of gradients, muted, bold, or of a number that is NaN or infinite."""

    text: str
    is_gradient: bool = False
    is_muted: bool = False
    is_bold: bool = False
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A box in a grid, by the corner at the top left of the grid; `enter` and `leave` are where arrows turn into its row.

    Each is the places of the turns, from the cell outwards: the first and the last are the y of the cell's end and of the lane.
    """

    box: Box
    lines: tuple[Line, ...]
    left: float
    top: float
    right: float
    bottom: float
    enter: tuple[float, ...]
    leave: tuple[float, ...]


@dataclass(slots=True)
class Block:
    """A grid with the places of its cells."""

    grid: Grid
    heading: tuple[Line, ...]
    width: float = 0.0
    height: float = 0.0
    label_width: float = 0.0
    labels_top: float = 0.0
    cells: dict[str, Cell] = field(default_factory=dict)


def characters(text: str) -> int:
    """The width of a text in characters; those of East Asia are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(each) in "FW" else 1 for each in text)


def block_of(grid: Grid, boxes: Mapping[str, Box], entered: Collection[str], left: Collection[str]) -> Block:
    """The places of a grid's cells; `entered` and `left` are the keys of those that arrows end and start at."""
    lines = {key: _lines(boxes[key], grid) for row in grid.rows for key in row}
    wide = CHARACTER * max(characters(line.text) for each in lines.values() for line in each) + 2 * PADDING
    tall = LINE * max(map(len, lines.values())) + 1.5 * PADDING
    label_width = CHARACTER * max(map(characters, grid.row_labels), default=0) + (PADDING if grid.row_labels else 0.0)
    columns = len(grid.rows[0])
    inner = label_width + columns * wide + (columns - 1) * COLUMN_GAP
    heading = _heading(grid, max(HEADING_CHARACTERS, int(inner / CHARACTER)))
    found = Block(grid, heading, label_width=label_width)
    y = LINE * len(heading) + PADDING
    found.labels_top = y
    y += LINE if grid.column_labels else 0.0
    leaving: list[int] = []
    for row in grid.rows:
        entering = [column for column, key in enumerate(row) if column and key in entered]
        y += ROW_GAP + LANE * (len(leaving) + len(entering))
        leaving = [column for column, key in enumerate(row) if column < columns - 1 and key in left]
        for column, key in enumerate(row):
            x = label_width + column * (wide + COLUMN_GAP)
            end = y + tall - PADDING
            enter: tuple[float, ...] = (end,)
            if column:
                enter = (end, x - 6, y - 2.5 - LANE * (entering.index(column) if column in entering else 0))
            leave: tuple[float, ...] = (y + tall / 2,)
            if column < columns - 1:
                lane = len(leaving) - 1 - leaving.index(column) if column in leaving else 0
                leave = (y + PADDING + 2, x + wide + 3, y + tall + 2.5 + LANE * lane)
            found.cells[key] = Cell(boxes[key], lines[key], x, y, x + wide, y + tall, enter, leave)
        y += tall
    y += ROW_GAP + LANE * len(leaving) + LINE * len(grid.left_out)
    texts = [CHARACTER * characters(text) for text in (*(line.text for line in heading), *grid.left_out)]
    found.width, found.height = max(inner, *texts), y
    return found


def _lines(box: Box, grid: Grid) -> tuple[Line, ...]:
    """The lines of a cell: its number and its gradient; with formulas, what its box has."""
    lines = [Line(box.title.replace("\n", " "), is_bold=True), *map(Line, box.lines)] if grid.has_formulas else []
    for column in box.columns:
        shown = column.lines if grid.has_formulas else column.lines[:1]
        lines += [Line(text, column.is_gradient, is_alarming=column.is_alarming and not at) for at, text in enumerate(shown)]
    return tuple(lines)


def _heading(grid: Grid, width: int) -> tuple[Line, ...]:
    lines = [Line(text, is_bold=True) for text in grid.title.split("\n")]
    lines += [Line(grid.note, is_muted=True)] if grid.note else []
    lines += map(Line, wrapped(grid.formula, width) if grid.formula else [])
    lines += [Line(text, is_gradient=True) for text in (wrapped(grid.gradient_formula, width) if grid.gradient_formula else [])]
    return tuple(lines)
