"""Gives the content of a slide its places: boxes in one row with cards of parameters below, or in two rows with a table."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tracer.i18n.language import Language
from tracer.views.slide.drawing.filling import cards_of, columns_of
from tracer.views.slide.drawing.frames import Numbering
from tracer.views.slide.drawing.heading import BOTTOM_OF_HEADING, TOP_OF_LEGEND, heading_texts, legend, update_texts
from tracer.views.slide.drawing.marks import HEADING, LINE, MARGIN, WIDTH, Panel, Picture, Raster, Text, Wire
from tracer.views.slide.drawing.measure import text_width
from tracer.views.slide.drawing.parameter_cards import PADDING, Card
from tracer.views.slide.drawing.placing import beside, card_panel, needs_bus
from tracer.views.slide.drawing.rows import Row
from tracer.views.slide.drawing.sizes import ARROW, ROOM, Sizes, sizes_of
from tracer.views.slide.structure.content import Slide

WRAPS = (28, 20, 16, 13, 11)
"""Widths of formulas in boxes in characters, tried one after the other."""

MOST_LINES = {1: (9,), 2: (5, 4)}
"""Numbers of lines from which on a box has fewer, by the number of rows, tried one after the other."""

MAX_LANES = 5
"""Maximum number of wires that pass over the boxes of a row."""

ROW_GAP = 6
"""Distance of rows."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How a slide is laid out: the number of rows, and whether parameters stand on cards that are wired to their boxes."""

    rows: int
    has_cards: bool


CARDS, TABLE, TWO_ROWS = Mode(1, True), Mode(1, False), Mode(2, False)


def laid_out(
    slide: Slide, title: str, tell: Language, mode: Mode, *, all_parameters: bool = True, legend_lines: int = 1
) -> Picture | None:
    """The slide with places; None if there is no room for it, or, with `all_parameters`, for one of the parameters.

    It leaves room for `legend_lines`, of which it has the last.
    """

    @functools.cache
    def sizes(numbers: range, wrap: int, most: int) -> Sizes:
        return sizes_of(slide, numbers, wrap, most, tell)

    tried: list[list[Sizes]] = []
    for most, wrap in itertools.product(MOST_LINES[mode.rows], WRAPS):
        for split in _splits(len(slide.boxes), mode.rows):
            rows = [_widest(functools.partial(sizes, numbers, most=most), wrap) for numbers in split]
            if rows in tried:  # there was no room for wider formulas anyway
                continue
            tried.append(rows)
            page = _Page(slide, rows, title, tell, all_parameters=all_parameters)
            page.floor -= LINE * (legend_lines - 1)
            if page.with_cards() if mode.has_cards else page.with_table():
                return page.picture()
    return None


def _widest(sizes_at: Callable[[int], Sizes], wrap: int) -> Sizes:
    """The sizes of a row with its formulas as wide as there is room for, but no wider than `wrap`: so it is the least high."""
    for width in (each for each in WRAPS if each <= wrap):
        sizes = sizes_at(width)
        if sizes.width <= ROOM:
            break
    return sizes


def is_too_wide(slide: Slide, tell: Language, mode: Mode) -> bool:
    """Whether the boxes have no room beside each other even with the narrowest formulas."""
    for split in _splits(len(slide.boxes), mode.rows):
        if all(sizes_of(slide, numbers, WRAPS[-1], 0, tell).width <= ROOM for numbers in split):
            return False
    return True


def _splits(count: int, rows: int) -> Iterator[tuple[range, ...]]:
    """The ways to split boxes into rows of nearly equal length."""
    if rows == 1:
        yield (range(count),)
    elif count > 2:
        half = (count + 1) // 2
        for first in dict.fromkeys((half, half + 1, half - 1)):
            if 0 < first < count:
                yield range(first), range(first, count)


class _Page:
    """Places the rows, then the parameters below them."""

    def __init__(self, slide: Slide, rows: Sequence[Sizes], title: str, tell: Language, *, all_parameters: bool) -> None:
        self.slide, self.rows, self.title, self.tell = slide, rows, title, tell
        self.all_parameters = all_parameters
        self.frames = Numbering(len(slide.boxes))
        self.floor = TOP_OF_LEGEND - 12
        self.texts: list[Text] = [*heading_texts(slide, title, tell)]
        notes = max((MARGIN + text_width(text.text) for text in self.texts[1:]), default=MARGIN)
        titles = text_width(self.texts[0].text, HEADING, is_bold=True) + MARGIN
        self.texts += update_texts(slide, (titles, notes), tell, self.frames.update)
        self.panels: list[Panel] = []
        self.wires: list[Wire] = []
        self.rasters: list[Raster] = []

    def picture(self) -> Picture:
        """What was placed, with a legend."""
        explained = legend(self.slide, self.texts, self.tell)
        texts, panels, wires = explained.texts, explained.panels, explained.wires
        return Picture(
            (*self.texts, *texts), (*self.panels, *panels), (*self.wires, *wires), self.frames.count, tuple(self.rasters)
        )

    def _across(self, sizes: Sizes) -> list[float] | None:
        return sizes.across(in_full=len(self.rows) > 1)

    def _fits(self) -> bool:
        return all(self._across(row) is not None and len(row.lanes) <= MAX_LANES for row in self.rows)

    def _suit(self, cards: Sequence[Card]) -> bool:
        if self.slide.parameters and not cards:
            return False
        return not (self.all_parameters and any(card.hidden for card in cards))

    def _place_row(self, sizes: Sizes, top: float) -> Row:
        lefts = self._across(sizes)
        assert lefts is not None
        row = Row(self.slide, sizes, lefts, top + sizes.above, top)
        row.build()
        self.texts += row.texts
        self.panels += row.panels
        self.wires += row.wires
        self.rasters += row.rasters
        return row

    def with_cards(self) -> bool:
        """Place one row, and a card below it for every set of boxes that share parameters; whether there is room."""
        (sizes,) = self.rows
        if not self._fits():
            return False
        lefts = self._across(sizes) or []
        middles = [left + sizes.box_width(number) / 2 for number, left in enumerate(lefts)]
        bottom = BOTTOM_OF_HEADING + sizes.above + sizes.below
        cards = cards_of(self.slide, int((self.floor - bottom - ARROW - PADDING) / LINE), self.tell)
        places = beside(cards, middles)
        if places is None or not self._suit(cards):
            return False
        buses = sum(needs_bus(card, x, middles) for card, x in zip(cards, places, strict=True))
        lowest = max((card.height for card in cards), default=0.0)
        spare = self.floor - (bottom + ARROW + 12 * buses + lowest)
        if spare < 0:
            return False
        row = self._place_row(sizes, BOTTOM_OF_HEADING + min(spare * 0.4, 60))
        top = row.wire + sizes.below + ARROW + 12 * buses + min(spare * 0.3, 40)
        bus = 0
        for number, (card, x) in enumerate(zip(cards, places, strict=True)):
            panel = card_panel(card, x, top, f"p{number}", self.frames)
            self.panels.append(panel)
            self.texts += card.texts(x, top, self.frames)
            bus += needs_bus(card, x, middles)
            height = top - 12 * bus if needs_bus(card, x, middles) else None
            parameters = [parameter for parameter in self.slide.parameters if parameter.boxes == card.boxes]
            self.wires += row.wiring.up(panel, parameters, height, has_gradient=card.has_gradients)
        return True

    def with_table(self) -> bool:
        """Place the rows, and below them all parameters in columns; whether there is room."""
        if not self._fits():
            return False
        heights = [sizes.above + sizes.below for sizes in self.rows]
        bottom = BOTTOM_OF_HEADING + sum(heights) + ROW_GAP * len(self.rows)
        columns = columns_of(self.slide, int((self.floor - bottom - PADDING) / LINE), self.tell)
        if not self._suit(columns):
            return False
        lowest = max((card.height for card in columns), default=0.0)
        spare = self.floor - bottom - lowest
        if spare < 0:
            return False
        share = min(spare / (len(self.rows) + 1), 30)
        y = BOTTOM_OF_HEADING + share / 2
        for sizes, height in zip(self.rows, heights, strict=True):
            self._place_row(sizes, y)
            y += height + ROW_GAP + share
        width = sum(card.width for card in columns)
        gap = (WIDTH - 2 * MARGIN - width) / max(1, len(columns) - 1) if len(columns) > 1 else 0.0
        gap = min(gap, 40.0)
        x = (WIDTH - width - gap * (len(columns) - 1)) / 2
        for number, card in enumerate(columns):
            self.panels.append(card_panel(card, x, y, f"p{number}", self.frames))
            self.texts += card.texts(x, y, self.frames)
            x += card.width + gap
        return True
