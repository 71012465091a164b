"""A diagram before layout: boxes, arrows and frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tracer.views.diagrams.theme import Flow, Kind


@dataclass(frozen=True, slots=True)
class Column:
    """Numbers in a box below a caption."""

    caption: str
    lines: tuple[str, ...]
    is_gradient: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its title with a quiet note beside it, lines below the title, and columns of numbers.

    `key` is unique in the diagram, `tip` is the tooltip.
    """

    key: str
    kind: Kind
    title: str
    note: str = ""
    lines: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow between two boxes, by their keys.

    One that `is_backward` points against the order in which the boxes stand: a gradient runs from the later to the earlier.
    """

    tail: str
    head: str
    flow: Flow
    label: tuple[str, ...] = ()
    is_backward: bool = False
    is_loose: bool = False
    """Whether it leaves the order of the boxes to the others."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame around boxes, by their keys, and around further frames."""

    label: str
    boxes: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagram:
    """A whole picture; `hidden` operations are folded into boxes that say so."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...] = ()
    frames: tuple[Frame, ...] = ()
    hidden: int = 0

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of its boxes, in the order in which they come up."""
        return tuple(dict.fromkeys(box.kind for box in self.boxes))

    @property
    def flows(self) -> tuple[Flow, ...]:
        """What its arrows carry."""
        return tuple(flow for flow in dict.fromkeys(arrow.flow for arrow in self.arrows) if flow is not Flow.ORDER)

    @property
    def has_gradients(self) -> bool:
        """Whether boxes have a column of gradients."""
        return any(column.is_gradient for box in self.boxes for column in box.columns)

    def texts(self) -> Iterator[str]:
        """Everything that is written in it."""
        for box in self.boxes:
            yield from (box.title, box.note, *box.lines, box.tip)
            for column in box.columns:
                yield from (column.caption, *column.lines)
        for arrow in self.arrows:
            yield from arrow.label
        yield from _frame_texts(self.frames)


def _frame_texts(frames: Iterable[Frame]) -> Iterator[str]:
    for frame in frames:
        yield frame.label
        yield from _frame_texts(frame.frames)
