"""All numbers of some phases, array by array: as many of each as fit on a page of A3, with their formulas if there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tracer.graph.record import Phase
from tracer.views.diagrams.diagram import Box, Diagram
from tracer.views.diagrams.scalars.arrays import Limits, Shown, computed_arrays, grid_of, with_leaves
from tracer.views.diagrams.scalars.cells import SIZE
from tracer.views.diagrams.scalars.graph import Scalar, ScalarView
from tracer.views.diagrams.scalars.grid_svg import size_of
from tracer.views.diagrams.scalars.placing import placed
from tracer.views.diagrams.scalars.scalar_diagram import diagram_of
from tracer.views.diagrams.theme import Style

PAGE = (1190.0, 842.0)
"""The sides of A3 in points; it may be turned."""

MIN_SIZE = 7.0
"""Minimum font size on that page in points."""

AREA = PAGE[0] * PAGE[1] * (SIZE / MIN_SIZE) ** 2
"""The area of a picture that fits, in square points."""

LIMITS = tuple(
    Limits(rows, columns)
    for rows, columns in ((60, 12), (12, 8), (10, 6), (8, 6), (7, 4), (6, 4), (5, 4), (4, 4), (3, 3), (2, 2))
)
MAX_BANDS = 5
MAX_BOXES = 250
"""Maximum number of boxes, beyond which fewer elements of each array are drawn."""

MAX_ARROWS = 360
"""Maximum number of arrows: more of them are a black area."""

MAX_WITH_FORMULAS = 30
"""Maximum number of boxes that have their formulas."""


def whole_step(source: ScalarView, phases: Sequence[Phase], style: Style) -> Diagram | None:
    """The diagram of the numbers of these phases; None if there are none.

    Of each array so many rows and columns are drawn that the picture fits on a page. If it never does, the last arrays are left
    out.
    """
    known: dict[Scalar, Box] = {}
    before: list[Shown] = []
    for limits in LIMITS:
        computed = computed_arrays(source, phases, limits)
        if not computed:
            return None
        if computed == before or _count(computed) > MAX_BOXES:
            continue
        before = computed
        arrays = with_leaves(source, computed, limits)
        if _count(arrays) > MAX_BOXES:
            continue
        if style.direction == "TB":  # laid out by Graphviz
            return _in_grids(source, arrays, style, known, 0, has_formulas=True).as_boxes()
        diagram = _fitting(source, arrays, style, known)
        if diagram is not None:
            return diagram
    return _first_arrays(source, phases, style, known)


def _fitting(
    source: ScalarView, arrays: Sequence[Shown], style: Style, known: dict[Scalar, Box], left_out: int = 0
) -> Diagram | None:
    """The diagram of these arrays, with formulas in every box if that fits; None if it does not fit on a page."""
    for has_formulas in (True, False) if _count(arrays) <= MAX_WITH_FORMULAS else (False,):
        diagram = _in_grids(source, arrays, style, known, left_out, has_formulas=has_formulas)
        if len(diagram.arrows) > MAX_ARROWS:
            return None
        found = _in_bands(diagram)
        if found is not None:
            return found
    return None


def _first_arrays(source: ScalarView, phases: Sequence[Phase], style: Style, known: dict[Scalar, Box]) -> Diagram:
    """The diagram of as many arrays as fit on a page, which counts the others."""
    computed = computed_arrays(source, phases, LIMITS[-1])
    best, fewest, most = None, 1, min(len(computed), MAX_BOXES)
    while fewest <= most:
        count = (fewest + most) // 2
        arrays = with_leaves(source, computed[:count], LIMITS[-1])
        found = _fitting(source, arrays, style, known, len(computed) - count)
        fewest, most, best = (count + 1, most, found) if found else (fewest, count - 1, best)
    first = with_leaves(source, computed[:1], LIMITS[-1])
    return best or _in_grids(source, first, style, known, len(computed) - 1)


def _count(arrays: Sequence[Shown]) -> int:
    return sum(len(row) for each in arrays for row in each.rows)


def _in_bands(diagram: Diagram) -> Diagram | None:
    """The diagram in the fewest bands with which it fits on a page; None if it does not."""
    for bands in range(1, MAX_BANDS + 1):
        attempt = replace(diagram, bands=bands)
        found = placed(attempt)
        if sum(block.width * block.height for block, _, _ in found.blocks) > AREA:
            return None
        if fits(*size_of(found, attempt)):
            return attempt
    return None


def fits(width: float, height: float) -> bool:
    """Whether the text of a picture of this size is large enough when it fills the page."""
    return SIZE * min(PAGE[0] / max(width, height), PAGE[1] / min(width, height)) >= MIN_SIZE


def _in_grids(
    source: ScalarView,
    arrays: Sequence[Shown],
    style: Style,
    known: dict[Scalar, Box],
    left_out: int,
    *,
    has_formulas: bool = False,
) -> Diagram:
    tell = style.tell
    wanted = {scalar for each in arrays for row in each.rows for scalar in row}
    diagram = diagram_of(source, wanted, style, known)
    remarks = [tell("above: value, below: gradient")] if diagram.has_gradients else []
    if not has_formulas:
        remarks.append(tell("the formulas are those of the first number of each array"))
    some_left_out = any(each.rows_left_out or each.columns_left_out for each in arrays)
    left_out_texts = [tell("arrows from and to numbers that are left out are not drawn")] if some_left_out else []
    if left_out:
        left_out_texts.append(tell("arrays that do not fit on the page: {count}", count=f"{left_out:,}"))
    grids = tuple(grid_of(source, each, style, has_formulas=has_formulas) for each in arrays)
    return replace(diagram, grids=grids, remarks=tuple(remarks), left_out=tuple(left_out_texts))
