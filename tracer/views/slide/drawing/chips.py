"""Panels of what is given: data, with the numbers of the sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.i18n.language import Language
from tracer.views.grids import shortened
from tracer.views.notation import index_text
from tracer.views.slide.drawing.gaps import MAX_HEADER, MAX_NAME
from tracer.views.slide.drawing.marks import LINE, Raster, Role, Text
from tracer.views.slide.drawing.measure import Columns, mono_width, text_width
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

    With `shows_image` data that are an image are drawn as one. `samples` are the headings of the numbers of several samples.
    """

    signal: Signal
    tell: Language
    is_repeated: bool = False
    others: tuple[Signal, ...] = ()
    shows_image: bool = False
    samples: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[Image, ...]:
        """The images that are shown instead of numbers, one for every sample."""
        return self.signal.images if self.shows_image and not self.is_repeated and not self.others else ()

    @property
    def _pixel(self) -> float:
        rows = self.images[0].rows if self.images else ((0,),)
        return IMAGE / max(len(rows), len(rows[0]))

    def _heads(self) -> list[str]:
        """What stands above the numbers or the image of each of several samples."""
        return list(self.samples) if len(self.images) > 1 or len(self._shown()) > 1 else []

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
        return " ..." if self._has_more() and not self.images and self.signal.value.numbers else ""

    def _shown(self) -> tuple[tuple[Number, ...], ...]:
        """The numbers of every sample."""
        is_empty = self.is_repeated or self.others or self.images or not self.signal.value.numbers
        return () if is_empty else self.signal.value.columns

    def _rows(self) -> int:
        return len(self._shown()[0]) if self._shown() else 0

    def _labels(self) -> list[str]:
        """The indices before the numbers, if they are not the first ones."""
        value = self.signal.value
        return ["" if value.are_first else index_text(index) for index in value.indices[: self._rows()]]

    def _columns(self) -> tuple[float, Columns]:
        """The width of the indices, and the columns of the numbers."""
        labels = max((mono_width(label) for label in self._labels()), default=0.0)
        texts = [[number.text for number in column] for column in self._shown()] or [[]]
        return labels + 8 if labels else 0.0, Columns(texts, self._heads() if self._shown() else [])

    def _image_columns(self) -> Columns:
        """The places of the images, as of columns that are as wide."""
        return Columns([[] for _ in self.images], self._heads(), len(self.images[0].rows[0]) * self._pixel)

    @property
    def width(self) -> float:
        """The width of the panel."""
        labels, columns = self._columns()
        numbers = labels + columns.width + mono_width(self._ellipsis())
        images = self._image_columns().width if self.images else 0.0
        return max(mono_width(self._header()), numbers, text_width(self._footer()), images) + 2 * PADDING

    @property
    def height(self) -> float:
        """The height of the panel."""
        image = len(self.images[0].rows) * self._pixel + 4 if self.images else 0.0
        return LINE * (1 + bool(self._heads()) + self._rows() + bool(self._footer())) + PADDING + image

    def rasters(self, middle: float, top: float, frame: int) -> Iterator[Raster]:
        """The images of the panel."""
        if not self.images:
            return
        columns = self._image_columns()
        y = top + LINE * (1 + bool(self._heads())) + 7
        for image, place in zip(self.images, columns.middles(), strict=True):
            x = middle - columns.width / 2 + place - len(image.rows[0]) * self._pixel / 2
            yield Raster(x, y, self._pixel, image.rows, image.node, frame)

    def texts(self, middle: float, top: float, frame: int) -> Iterator[Text]:
        """The texts of the panel with its upper side there."""
        y = top + LINE
        yield Text(middle, y, self._header(), Role.TEXT, is_mono=True, is_bold=True, anchor="middle", frame=frame)
        labels, columns = self._columns()
        left = middle - (labels + columns.width + mono_width(self._ellipsis())) / 2
        if self._heads():
            y += LINE
            start = middle - self._image_columns().width / 2 if self.images else left + labels
            places = self._image_columns().middles() if self.images else columns.middles()
            for heading, place in zip(self._heads(), places, strict=True):
                yield Text(start + place, y, heading, Role.MUTED, anchor="middle", frame=frame)
        for at, label in enumerate(self._labels()):
            if label:
                yield Text(left, y + LINE * (at + 1), label, Role.MUTED, is_mono=True, frame=frame)
        for column, offsets in zip(self._shown(), columns.offsets(), strict=False):
            for at, (number, offset) in enumerate(zip(column, offsets, strict=True), 1):
                yield number_text_at(number, left + labels + offset, y + LINE * at, Role.VALUE, frame)
        y += LINE * self._rows()
        if self._ellipsis():
            yield Text(left + labels + columns.width + 6, y, self._ellipsis().strip(), Role.MUTED, is_mono=True, frame=frame)
        if self._footer():
            yield Text(middle, y + LINE, self._footer(), Role.MUTED, anchor="middle", frame=frame)
