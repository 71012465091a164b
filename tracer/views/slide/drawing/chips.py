"""Panels of what is given: data, with the numbers of the sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.i18n.language import Language
from tracer.views.grids import shortened
from tracer.views.notation import index_text
from tracer.views.slide.drawing.gaps import MAX_HEADER, MAX_NAME
from tracer.views.slide.drawing.marks import LINE, Raster, Role, Text
from tracer.views.slide.drawing.measure import Column, mono_width, text_width
from tracer.views.slide.drawing.parameter_cards import number_text_at
from tracer.views.slide.structure.content import Signal
from tracer.views.slide.structure.images import Image
from tracer.views.slide.structure.samples import Number, size_text

PADDING = 8

IMAGE = 64
"""Longer side of an image."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A value that is given, with its numbers, or with its name only if `is_repeated`; with `others` how many there are.

    With `shows_image` data that are an image are drawn as one.
    """

    signal: Signal
    tell: Language
    is_repeated: bool = False
    others: tuple[Signal, ...] = ()
    shows_image: bool = False

    @property
    def image(self) -> Image | None:
        """The image that is shown instead of numbers."""
        return self.signal.image if self.shows_image and not self.is_repeated and not self.others else None

    @property
    def _pixel(self) -> float:
        rows = self.image.rows if self.image else ((0,),)
        return IMAGE / max(len(rows), len(rows[0]))

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The values that lead from here."""
        return (self.signal, *self.others)

    def _header(self) -> str:
        if self.others:
            return self.tell("and {count} more", count=1 + len(self.others))
        name, shape = shortened(self.signal.name, MAX_NAME), size_text(self.signal.value.shape)
        is_short = len(name) + len(shape) <= MAX_HEADER
        return f"{name} {shape}" if shape and is_short and self._has_more() else name

    def _has_more(self) -> bool:
        return not self.is_repeated and not self.others and self.signal.value.more > 0

    def _footer(self) -> str:
        return self.tell("not kept") if self._has_more() and not self.signal.value.numbers else ""

    def _ellipsis(self) -> str:
        """What stands after the last number if there are more."""
        return " ..." if self._has_more() and not self.image and self.signal.value.numbers else ""

    def _shown(self) -> tuple[Number, ...]:
        return () if self.is_repeated or self.others or self.image else self.signal.value.numbers

    def _labels(self) -> list[str]:
        """The indices before the numbers, if they are not the first ones."""
        value = self.signal.value
        return ["" if value.are_first else index_text(index) for index, _ in zip(value.indices, self._shown(), strict=False)]

    def _column(self) -> tuple[float, Column]:
        """The width of the indices, and the column of the numbers."""
        labels = max((mono_width(label) for label in self._labels()), default=0.0)
        return labels + 8 if labels else 0.0, Column([number.text for number in self._shown()])

    @property
    def width(self) -> float:
        """The width of the panel."""
        labels, column = self._column()
        numbers = labels + column.width + mono_width(self._ellipsis())
        image = len(self.image.rows[0]) * self._pixel if self.image else 0.0
        return max(mono_width(self._header()), numbers, text_width(self._footer()), image) + 2 * PADDING

    @property
    def height(self) -> float:
        """The height of the panel."""
        image = len(self.image.rows) * self._pixel + 4 if self.image else 0.0
        return LINE * (1 + len(self._shown()) + bool(self._footer())) + PADDING + image

    def rasters(self, middle: float, top: float, frame: int) -> Iterator[Raster]:
        """The image of the panel."""
        if self.image:
            width = len(self.image.rows[0]) * self._pixel
            yield Raster(middle - width / 2, top + LINE + 7, self._pixel, self.image.rows, self.image.node, frame)

    def texts(self, middle: float, top: float, frame: int) -> Iterator[Text]:
        """The texts of the panel with its upper side there."""
        y = top + LINE
        yield Text(middle, y, self._header(), Role.TEXT, is_mono=True, is_bold=True, anchor="middle", frame=frame)
        labels, column = self._column()
        left = middle - (labels + column.width + mono_width(self._ellipsis())) / 2
        for label, number, offset in zip(self._labels(), self._shown(), column.offsets(), strict=True):
            y += LINE
            if label:
                yield Text(left, y, label, Role.MUTED, is_mono=True, frame=frame)
            yield number_text_at(number, left + labels + offset, y, Role.VALUE, frame)
        if self._ellipsis():
            yield Text(left + labels + column.width + 6, y, self._ellipsis().strip(), Role.MUTED, is_mono=True, frame=frame)
        if self._footer():
            yield Text(middle, y + LINE, self._footer(), Role.MUTED, anchor="middle", frame=frame)
