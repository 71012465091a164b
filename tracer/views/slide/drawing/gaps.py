"""What stands on the wires between boxes: the value of every signal above its wire, its gradient below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracer.i18n.language import Language
from tracer.views.grids import shortened
from tracer.views.notation import index_text
from tracer.views.slide.drawing.marks import LINE, Role, Text
from tracer.views.slide.drawing.measure import Columns, mono_width, text_width
from tracer.views.slide.drawing.parameter_cards import number_text_at
from tracer.views.slide.structure.content import Signal
from tracer.views.slide.structure.samples import Number, Numbers, size_text

MAX_NAME = 14
"""Maximum number of characters of the name of a value."""

MAX_ROWS = 5
"""Maximum number of numbers above a wire."""

MAX_HEADER = 11
"""Maximum number of characters of a name and a shape in one line."""

MAX_ELSEWHERE = 2
"""Maximum number of names of values that the loss does not use."""

ABOVE, BELOW = 8, 19
"""Distances of the last value above a wire and of the first gradient below it, from the wire to their baselines."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The signals that leave one box, or that are given to the first; several have their names before their numbers.

    Each of several has at most `of_several` numbers. `samples` are the headings of the numbers of several samples.
    `leaving` are the titles of boxes in the next row that use one of the values.
    """

    signals: tuple[Signal, ...]
    tell: Language
    of_several: int = 2
    samples: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether there is one signal, whose name stands above its numbers."""
        return len(self.signals) == 1

    def _header(self) -> list[str]:
        """The lines above the numbers: the name and the shape of the only signal."""
        if not self.is_single:
            return []
        (signal,) = self.signals
        # The expression of a value without a name is in the box that it comes from.
        name = shortened(signal.name, MAX_NAME) if len(signal.name) <= MAX_NAME or signal.name.isidentifier() else ""
        shape = size_text(signal.value.shape) if signal.value.more else ""
        if not (name or shape):
            return []
        if name != signal.name and (parts := _in_two(signal.name)):
            return [*parts[:-1], f"{parts[-1]} {shape}".strip()]
        return [name, shape] if shape and len(name) + len(shape) > MAX_HEADER else [f"{name} {shape}".strip()]

    def _footer(self) -> list[str]:
        """What is not shown, and what else is computed from a value."""
        lines = []
        if self.is_single and self.signals[0].value.more:
            lines.append(more_text(self.signals[0].value, self.tell))
        if len(self.signals) > MAX_ROWS:
            lines.append(self.tell("and {count} more", count=len(self.signals) - MAX_ROWS))
        titles = dict.fromkeys(shortened(title, MAX_NAME) for title in self.leaving)
        lines += [f"↓ {title}" for title in titles]
        for signal in self.signals:
            lines += [f"-> {shortened(name, MAX_NAME)}" for name in signal.elsewhere[:MAX_ELSEWHERE]]
        return lines

    def _rows(self) -> list[tuple[str, tuple[Number, ...], tuple[Number, ...]]]:
        """The rows: a label, the values of every sample, and their gradients if there are any."""
        rows = []
        for signal in self.signals[:MAX_ROWS]:
            value = signal.value
            for at in range(min(len(value.numbers), self._most())):
                index = index_text(value.indices[at])
                label = "" if value.are_first else index
                if not self.is_single:
                    label = f"{shortened(signal.name, MAX_NAME - 4)}{index}"
                gradients = signal.gradient.columns if signal.gradient and at < len(signal.gradient.numbers) else ()
                rows.append((label, tuple(each[at] for each in value.columns), tuple(each[at] for each in gradients)))
        return rows

    def _heads(self) -> list[str]:
        """What stands above the numbers of each of several samples."""
        return list(self.samples) if any(signal.value.numbers and signal.value.others for signal in self.signals) else []

    def _most(self) -> int:
        """How many numbers of each signal are shown."""
        return MAX_ROWS if self.is_single else min(self.of_several, max(1, MAX_ROWS // len(self.signals)))

    def _columns(self) -> tuple[float, Columns]:
        """The width of the labels, and the columns of all values and gradients: one for every sample."""
        rows = self._rows()
        count = max((len(values) for _, values, _ in rows), default=1)
        parts = [values for _, values, _ in rows] + [gradients for _, _, gradients in rows]
        texts = [[part[at].text for part in parts if len(part) > at] for at in range(count)]
        labels = max((mono_width(label) for label, _, _ in rows), default=0.0)
        return labels + 8 if labels else 0.0, Columns(texts, self._heads())

    @property
    def width(self) -> float:
        """The width of the numbers and the names."""
        labels, column = self._columns()
        words = [mono_width(line) for line in self._header()] + [text_width(line) for line in self._footer()]
        return max(labels + column.width, *words, 0.0)

    @property
    def above(self) -> float:
        """The height above the wire."""
        return LINE * (len(self._header()) + bool(self._heads()) + len(self._rows()) + len(self._footer())) + ABOVE

    @property
    def below(self) -> float:
        """The height below the wire."""
        return LINE * sum(bool(gradients) for _, _, gradients in self._rows()) + BELOW - 14

    def texts(self, middle: float, wire: float, value_frame: int, gradient_frame: int) -> Iterator[Text]:
        """The texts, centred on `middle`, above and below the wire."""
        labels, columns = self._columns()
        left = middle - (labels + columns.width) / 2
        rows = self._rows()
        count = len(self._header()) + bool(self._heads()) + len(rows) + len(self._footer())
        y = wire - ABOVE - LINE * (count - 1)
        for line in self._header():
            yield Text(middle, y, line, Role.TEXT, is_mono=True, is_bold=True, anchor="middle", frame=value_frame)
            y += LINE
        if self._heads():
            for heading, place in zip(self._heads(), columns.middles(), strict=True):
                yield Text(left + labels + place, y, heading, Role.MUTED, anchor="middle", frame=value_frame)
            y += LINE
        offsets = [iter(column) for column in columns.offsets()]
        for label, values, _ in rows:
            yield from self._number_row(label, values, left, y, labels, offsets, Role.VALUE, value_frame)
            y += LINE
        for line in self._footer():
            yield Text(middle, y, line, Role.MUTED, anchor="middle", frame=value_frame)
            y += LINE
        y = wire + BELOW
        for label, _, gradients in rows:
            if gradients:
                yield from self._number_row(label, gradients, left, y, labels, offsets, Role.GRADIENT, gradient_frame)
                y += LINE

    def _number_row(
        self, label: str, numbers: Sequence[Number], left: float, y: float, labels: float, offsets: Sequence[Iterator[float]],
        role: Role, frame: int,
    ) -> Iterator[Text]:  # fmt: skip
        """A label and the numbers of all samples; each takes its place from the offsets of its column."""
        if label:
            of_label = Role.MUTED if self.is_single else Role.TEXT if role is Role.VALUE else role
            yield Text(left, y, label, of_label, is_mono=True, is_bold=not self.is_single, frame=frame)
        for number, column in zip(numbers, offsets, strict=False):
            yield number_text_at(number, left + labels + next(column), y, role, frame)


def _in_two(name: str) -> list[str]:
    """A long name in two lines, cut at an underscore; nothing if one of them is too long.

    >>> _in_two("discriminator_loss"), _in_two("averylongnamewithout")
    (['discriminator_', 'loss'], [])
    """
    cuts = [at + 1 for at, letter in enumerate(name) if letter == "_" and at + 1 <= MAX_NAME]
    parts = [name[: cuts[-1]], name[cuts[-1] :]] if cuts else []
    return parts if parts and 0 < len(parts[-1]) <= MAX_NAME else []


def more_text(numbers: Numbers, tell: Language) -> str:
    """What is not shown of a value."""
    if not numbers.numbers:
        return tell("not kept")
    return tell("{some} of {all}", some=len(numbers.numbers), all=len(numbers.numbers) + numbers.more)
