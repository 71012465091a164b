"""A diagram before layout: boxes, arrows and clusters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tracer.views.diagrams.theme import Flow, Kind


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers in a box, with a caption."""

    caption: str
    lines: tuple[str, ...]
    is_gradient: bool = False
    is_alarming: bool = False
    """True if a number is NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: a title with a muted note beside it, lines below the title, and columns of numbers.

    `key` is unique in the diagram, `tip` is the tooltip.
    """

    key: str
    kind: Kind
    title: str
    note: str = ""
    lines: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    tip: str = ""
    alarms: tuple[str, ...] = ()
    """What it says of NaN and infinite numbers in it that its columns do not show."""

    @property
    def is_alarming(self) -> bool:
        """True if a number of the box is NaN or infinite."""
        return bool(self.alarms) or any(column.is_alarming for column in self.columns)


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow between two boxes, by key.

    An arrow that `is_backward` points against the rank order: a gradient flows from a later box to an earlier one.
    """

    tail: str
    head: str
    flow: Flow
    label: tuple[str, ...] = ()
    is_backward: bool = False
    is_unconstrained: bool = False
    """True if the arrow does not constrain the ranks of its boxes."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A labelled group of boxes, by key, and of inner clusters."""

    label: str
    boxes: tuple[str, ...] = ()
    clusters: tuple[Cluster, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """The boxes of the elements of an array in rows and columns, by key.

    Above them stand the name, a note, and the formula of the first element and of its gradient, below them what is left out.
    With `has_formulas`, every box has its title and its formulas; otherwise rows and columns are numbered.
    """

    key: str
    title: str
    note: str
    rows: tuple[tuple[str, ...], ...]
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    formula: str = ""
    gradient_formula: str = ""
    left_out: tuple[str, ...] = ()
    has_formulas: bool = False


@dataclass(frozen=True, slots=True)
class Diagram:
    """A complete diagram; `hidden` is the number of folded operations.

    The boxes of each of `ranks`, by key, are side by side in this order: in a column if the diagram runs from left to right.
    If the boxes are elements in `grids`, these are drawn in so many `bands` below each other, with the remarks below them.
    If it `is_straight`, arrows between operations are straight where they can be: the steps of a loop are on one line.
    """

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    hidden: int = 0
    ranks: tuple[tuple[str, ...], ...] = ()
    grids: tuple[Grid, ...] = ()
    bands: int = 1
    remarks: tuple[str, ...] = ()
    is_straight: bool = False
    left_out: tuple[str, ...] = ()
    """Remarks on what is left out."""

    def as_boxes(self) -> Diagram:
        """The diagram without grids, for formats that have none: a box for each array of which numbers are left out."""
        notes = [
            Box(f"{grid.key}s", Kind.ELSEWHERE, grid.title, grid.note, grid.left_out) for grid in self.grids if grid.left_out
        ]
        remark = [Box("remarks", Kind.ELSEWHERE, "", lines=self.left_out)] if self.left_out else []
        return replace(self, boxes=(*self.boxes, *notes, *remark), grids=(), bands=1, remarks=(), left_out=())

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of the boxes, in order of appearance."""
        return tuple(dict.fromkeys(box.kind for box in self.boxes))

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The flows of the visible arrows, in order of appearance."""
        return tuple(flow for flow in dict.fromkeys(arrow.flow for arrow in self.arrows) if flow is not Flow.ORDER)

    @property
    def has_gradients(self) -> bool:
        """True if a box has a gradient column."""
        return any(column.is_gradient for box in self.boxes for column in box.columns)

    def texts(self) -> Iterator[str]:
        """All texts in the diagram."""
        for box in self.boxes:
            yield from (box.title, box.note, *box.lines, *box.alarms, box.tip)
            for column in box.columns:
                yield from (column.caption, *column.lines)
        for arrow in self.arrows:
            yield from arrow.label
        yield from _cluster_texts(self.clusters)
        for grid in self.grids:
            yield from (grid.title, grid.note, grid.formula, grid.gradient_formula, *grid.left_out)
        yield from (*self.remarks, *self.left_out)


def _cluster_texts(clusters: Iterable[Cluster]) -> Iterator[str]:
    for cluster in clusters:
        yield cluster.label
        yield from _cluster_texts(cluster.clusters)
