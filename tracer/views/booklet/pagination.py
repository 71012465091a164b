"""Pagination: splits a diagram into the fewest legible pages."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.graph.record import Step
from tracer.views.booklet.page import MARGIN, PAGE
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.folding import Part, ids_of
from tracer.views.diagrams.theme import Style
from tracer.views.svg import Drawing, Layout

HEADING, LEGEND = 62.0, 34.0
"""Heights in points that a page keeps for what stands above and below its picture."""

SMALLEST_SCALE = 0.7
"""How far a picture may be shrunk: its smallest type of 9 points stays above 6."""

LARGEST_SCALE = 1.35
"""How far a small picture is enlarged."""

LONGEST_SIDE = 14_000.0
"""Points of the longest side of a page that readers of PDF can show."""

MOST_ON_A_PAGE = 32
"""Boxes beyond which no page is readable, so that larger parts need not be tried."""

Draw: TypeAlias = Callable[[Sequence[Part]], Diagram]
"""From nodes and folds to their picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A sketch laid out, and the scale and orientation at which it fills its page best."""

    diagram: Diagram
    drawing: Drawing
    scale: float
    is_wide: bool

    def shown(self) -> tuple[float, tuple[float, float] | None]:
        """The scale at which it is shown, and the size of its page where it is readable on no sheet."""
        if self.scale >= SMALLEST_SCALE:
            return self.scale, None
        longest = max(self.drawing.width, self.drawing.height)
        scale = min(SMALLEST_SCALE, (LONGEST_SIDE - 2 * MARGIN - HEADING - LEGEND) / longest)
        width = max(PAGE[0], self.drawing.width * scale + 2 * MARGIN)
        return scale, (width, self.drawing.height * scale + 2 * MARGIN + HEADING + LEGEND)


def picture_of(diagram: Diagram, layout: Layout, style: Style) -> Picture:
    """A sketch laid out for a page of its own, upright or wide."""
    drawing = layout(dot(diagram, style))
    upright, wide = scale_on(drawing, *PAGE), scale_on(drawing, PAGE[1], PAGE[0])
    is_wide = drawing.width > drawing.height if wide == upright else wide > upright
    return Picture(diagram, drawing, max(upright, wide), is_wide)


def scale_on(drawing: Drawing, width: float, height: float, taken: float = 0.0) -> float:
    """The scale at which a drawing fills a page of which some height is taken already."""
    across, down = width - 2 * MARGIN, height - 2 * MARGIN - HEADING - LEGEND - taken
    return min(LARGEST_SCALE, across / drawing.width, down / drawing.height)


Cut: TypeAlias = tuple[int, ...]
"""How many parts each page has."""


def fitted(
    step: Step, parts: Sequence[Part], draw: Draw, layout: Layout, style: Style, cut: Cut = ()
) -> tuple[list[Picture], Cut]:
    """The pictures of these parts, on as few pages as keep them readable, and how they were cut; parts stay in their order.

    A `cut` that was found for another step is tried first: steps are most often alike.
    """
    fitting = _Fitting(step, draw, layout, style)
    if cut and sum(cut) == len(parts):
        pictures = fitting.cut(parts, cut)
        if all(picture.scale >= SMALLEST_SCALE for picture in pictures):
            return pictures, cut
    return fitting.pictures(parts)


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Cuts parts into pages by laying them out."""

    step: Step
    draw: Draw
    layout: Layout
    style: Style

    def cut(self, parts: Sequence[Part], cut: Cut) -> list[Picture]:
        ends = list(itertools.accumulate(cut))
        return [self._picture(parts[end - count : end]) for count, end in zip(cut, ends, strict=True)]

    def pictures(self, parts: Sequence[Part]) -> tuple[list[Picture], Cut]:
        pictures: list[Picture] = []
        cut: list[int] = []
        pages = self._fewest(parts)
        start = 0
        while start < len(parts):
            # As many pages, filled evenly, look better than full ones and a rest.
            most = math.ceil((len(parts) - start) / max(1, pages - len(pictures)))
            page, picture = self._page(parts[start:], most)
            pictures.append(picture)
            cut.append(len(page))
            start += len(page)
        return pictures, tuple(cut)

    def _fewest(self, parts: Sequence[Part]) -> int:
        """How many pages there will be, by the height of all parts at once, if they can be drawn at once."""
        if len(parts) > MOST_ON_A_PAGE:
            return math.ceil(len(parts) / MOST_ON_A_PAGE)
        return max(1, math.ceil(SMALLEST_SCALE / self._picture(parts).scale - 0.05))

    def _page(self, parts: Sequence[Part], most: int) -> tuple[Sequence[Part], Picture]:
        """The parts of one page, from the first on: up to so many, fewer where they would not be readable."""
        count = min(most, len(parts), MOST_ON_A_PAGE)
        while True:
            page = parts[:count]
            if count > 1 and count < len(parts) and self._belongs_to_the_next(page, parts[count]):
                page = parts[: count - 1]
            picture = self._picture(page)
            if picture.scale >= SMALLEST_SCALE or len(page) == 1:
                return page, picture
            # By how much it is too large says about how many less would fit.
            count = max(1, min(len(page) - 1, int(len(page) * picture.scale / SMALLEST_SCALE)))

    def _belongs_to_the_next(self, page: Sequence[Part], following: Part) -> bool:
        """Whether the last box of a page is there for the first of the next, and for nothing on its own page."""
        others = {id for part in page[:-1] for id in ids_of(part)}
        last = set(ids_of(page[-1]))
        used = {operand for id in ids_of(following) for operand in self.step.nodes[id].operands}
        return bool(last & used) and not any(others & set(self.step.nodes[id].operands) for id in last)

    def _picture(self, parts: Sequence[Part]) -> Picture:
        return picture_of(self.draw(parts), self.layout, self.style)
