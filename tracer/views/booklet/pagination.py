"""Pagination: splits a diagram into the fewest legible pages."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.graph.record import Step
from tracer.views.booklet.page import MARGIN, PAGE
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.fallback import laid_out
from tracer.views.diagrams.folding import Part, ids_of
from tracer.views.diagrams.theme import Style
from tracer.views.svg import Drawing, Layout, PictureError

HEADING_HEIGHT, LEGEND_HEIGHT = 62.0, 34.0
"""Space in points reserved above and below a diagram."""

MIN_SCALE = 0.7
"""Minimum scale of a diagram: its smallest font size, 9 points, stays above 6."""

MAX_SCALE = 1.35
"""Maximum scale of a small diagram."""

MAX_PAGE_SIDE = 14_000.0
"""Maximum length of a page side, in points, that PDF viewers support."""

MAX_PARTS_PER_PAGE = 32
"""Maximum number of parts tried on a page: with more, none is legible."""

Draw: TypeAlias = Callable[[Sequence[Part]], Diagram]
"""Draws the diagram of nodes and folds."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A laid-out diagram, with the scale and orientation that fill its page best."""

    diagram: Diagram
    drawing: Drawing
    scale: float
    is_landscape: bool

    def placement(self) -> tuple[float, tuple[float, float] | None]:
        """The scale to print at, and the page size if the diagram is not legible on A4, else None."""
        if self.scale >= MIN_SCALE:
            return self.scale, None
        longest = max(self.drawing.width, self.drawing.height)
        scale = min(MIN_SCALE, (MAX_PAGE_SIDE - 2 * MARGIN - HEADING_HEIGHT - LEGEND_HEIGHT) / longest)
        width = max(PAGE[0], self.drawing.width * scale + 2 * MARGIN)
        return scale, (width, self.drawing.height * scale + 2 * MARGIN + HEADING_HEIGHT + LEGEND_HEIGHT)


def picture_of(diagram: Diagram, layout: Layout, style: Style) -> Picture:
    """Lay out a diagram for a page of its own, portrait or landscape. Raises PictureError if it cannot be."""
    drawing = laid_out(diagram, style, layout)
    portrait, landscape = scale_on(drawing, *PAGE), scale_on(drawing, PAGE[1], PAGE[0])
    is_landscape = drawing.width > drawing.height if landscape == portrait else landscape > portrait
    return Picture(diagram, drawing, max(portrait, landscape), is_landscape)


def scale_on(drawing: Drawing, width: float, height: float, taken: float = 0.0) -> float:
    """The scale at which a drawing fills a page."""
    across, down = width - 2 * MARGIN, height - 2 * MARGIN - HEADING_HEIGHT - LEGEND_HEIGHT - taken
    return min(MAX_SCALE, across / drawing.width, down / drawing.height)


PartsPerPage: TypeAlias = tuple[int, ...]
"""The number of parts on each page."""


def paginated(
    step: Step, parts: Sequence[Part], draw: Draw, layout: Layout, style: Style, previous: PartsPerPage = ()
) -> tuple[list[Picture], PartsPerPage]:
    """Split parts, in order, into as few legible pages as possible.

    `previous`, the result for another step, is tried first: steps are usually alike. Raises PictureError if a single
    part cannot be laid out.
    """
    paginator = _Paginator(step, draw, layout, style)
    if previous and sum(previous) == len(parts):
        with contextlib.suppress(PictureError):
            pictures = paginator.split(parts, previous)
            if all(picture.scale >= MIN_SCALE for picture in pictures):
                return pictures, previous
    return paginator.fit(parts)


@dataclass(frozen=True, slots=True)
class _Paginator:
    """Splits parts into pages by laying them out."""

    step: Step
    draw: Draw
    layout: Layout
    style: Style

    def split(self, parts: Sequence[Part], parts_per_page: PartsPerPage) -> list[Picture]:
        ends = list(itertools.accumulate(parts_per_page))
        return [self._picture(parts[end - count : end]) for count, end in zip(parts_per_page, ends, strict=True)]

    def fit(self, parts: Sequence[Part]) -> tuple[list[Picture], PartsPerPage]:
        pictures: list[Picture] = []
        counts: list[int] = []
        page_count = self._estimated_pages(parts)
        start = 0
        while start < len(parts):
            # Evenly filled pages look better than full pages and a remainder.
            limit = math.ceil((len(parts) - start) / max(1, page_count - len(pictures)))
            page, picture = self._page(parts[start:], limit)
            pictures.append(picture)
            counts.append(len(page))
            start += len(page)
        return pictures, tuple(counts)

    def _estimated_pages(self, parts: Sequence[Part]) -> int:
        """An estimate of the number of pages, from the scale of all parts on one page or from their number."""
        if len(parts) > MAX_PARTS_PER_PAGE:
            return math.ceil(len(parts) / MAX_PARTS_PER_PAGE)
        try:
            return max(1, math.ceil(MIN_SCALE / self._picture(parts).scale - 0.05))
        except PictureError:
            return 1

    def _page(self, parts: Sequence[Part], limit: int) -> tuple[Sequence[Part], Picture]:
        """The first parts that fit on one page, at most `limit`, with their diagram."""
        count = min(limit, len(parts), MAX_PARTS_PER_PAGE)
        while True:
            page = parts[:count]
            if count > 1 and count < len(parts) and self._belongs_to_next(page, parts[count]):
                page = parts[: count - 1]
            try:
                picture = self._picture(page)
            except PictureError:
                if len(page) == 1:
                    raise
                count = len(page) // 2
                continue
            if picture.scale >= MIN_SCALE or len(page) == 1:
                return page, picture
            # The scale gives an estimate of how many parts fit.
            count = max(1, min(len(page) - 1, int(len(page) * picture.scale / MIN_SCALE)))

    def _belongs_to_next(self, page: Sequence[Part], following: Part) -> bool:
        """True if the last box of a page is an input of the following one and uses nothing on its own page."""
        others = {id for part in page[:-1] for id in ids_of(part)}
        last = set(ids_of(page[-1]))
        used = {operand for id in ids_of(following) for operand in self.step.nodes[id].operands}
        return bool(last & used) and not any(others & set(self.step.nodes[id].operands) for id in last)

    def _picture(self, parts: Sequence[Part]) -> Picture:
        return picture_of(self.draw(parts), self.layout, self.style)
