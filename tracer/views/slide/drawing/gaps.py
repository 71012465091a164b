"""What stands on the wires between boxes: the value of every signal above its wire, its gradient below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.i18n.language import Language
from tracer.views.grids import shortened
from tracer.views.notation import index_text
from tracer.views.slide.drawing.marks import LINE, Role, Text
from tracer.views.slide.drawing.measure import Column, mono_width, text_width
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

    Each of several has at most `of_several` numbers.
    """

    signals: tuple[Signal, ...]
    tell: Language
    of_several: int = 2

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
        return [name, shape] if shape and len(name) + len(shape) > MAX_HEADER else [f"{name} {shape}".strip()]

    def _footer(self) -> list[str]:
        """What is not shown, and what else is computed from a value."""
        lines = []
        if self.is_single and self.signals[0].value.more:
            lines.append(more_text(self.signals[0].value, self.tell))
        if len(self.signals) > MAX_ROWS:
            lines.append(self.tell("and {count} more", count=len(self.signals) - MAX_ROWS))
        for signal in self.signals:
            lines += [f"-> {shortened(name, MAX_NAME)}" for name in signal.elsewhere[:MAX_ELSEWHERE]]
        return lines

    def _rows(self) -> list[tuple[str, Number, Number | None]]:
        """The rows: a label, a value and its gradient."""
        rows = []
        for signal in self.signals[:MAX_ROWS]:
            gradients = signal.gradient.numbers if signal.gradient else ()
            value = signal.value
            for at, number in enumerate(value.numbers[: self._most()]):
                index = index_text(value.indices[at])
                label = "" if value.are_first else index
                if not self.is_single:
                    label = f"{shortened(signal.name, MAX_NAME - 4)}{index}"
                rows.append((label, number, gradients[at] if at < len(gradients) else None))
        return rows

    def _most(self) -> int:
        """How many numbers of each signal are shown."""
        return MAX_ROWS if self.is_single else min(self.of_several, max(1, MAX_ROWS // len(self.signals)))

    def _columns(self) -> tuple[float, Column]:
        """The width of the labels, and the column of all values and gradients."""
        rows = self._rows()
        texts = [number.text for _, number, _ in rows] + [gradient.text for _, _, gradient in rows if gradient]
        labels = max((mono_width(label) for label, _, _ in rows), default=0.0)
        return labels + 8 if labels else 0.0, Column(texts)

    @property
    def width(self) -> float:
        """The width of the numbers and the names."""
        labels, column = self._columns()
        words = [mono_width(line) for line in self._header()] + [text_width(line) for line in self._footer()]
        return max(labels + column.width, *words, 0.0)

    @property
    def above(self) -> float:
        """The height above the wire."""
        return LINE * (len(self._header()) + len(self._rows()) + len(self._footer())) + ABOVE

    @property
    def below(self) -> float:
        """The height below the wire."""
        return LINE * sum(gradient is not None for _, _, gradient in self._rows()) + BELOW - 14

    def texts(self, middle: float, wire: float, value_frame: int, gradient_frame: int) -> Iterator[Text]:
        """The texts, centred on `middle`, above and below the wire."""
        labels, column = self._columns()
        left = middle - (labels + column.width) / 2
        rows = self._rows()
        lines = [*self._header(), *rows, *self._footer()]
        y = wire - ABOVE - LINE * (len(lines) - 1)
        for line in self._header():
            yield Text(middle, y, line, Role.TEXT, is_mono=True, is_bold=True, anchor="middle", frame=value_frame)
            y += LINE
        offsets = list(column.offsets())
        for (label, number, _), offset in zip(rows, offsets[: len(rows)], strict=True):
            if label:
                role = Role.MUTED if self.is_single else Role.TEXT
                yield Text(left, y, label, role, is_mono=True, is_bold=not self.is_single, frame=value_frame)
            yield number_text_at(number, left + labels + offset, y, Role.VALUE, value_frame)
            y += LINE
        for line in self._footer():
            yield Text(middle, y, line, Role.MUTED, anchor="middle", frame=value_frame)
            y += LINE
        y = wire + BELOW
        shown = [(label, gradient) for label, _, gradient in rows if gradient]
        for (label, gradient), offset in zip(shown, offsets[len(rows) :], strict=True):
            if label:
                role = Role.MUTED if self.is_single else Role.GRADIENT
                yield Text(left, y, label, role, is_mono=True, is_bold=not self.is_single, frame=gradient_frame)
            yield number_text_at(gradient, left + labels + offset, y, Role.GRADIENT, gradient_frame)
            y += LINE


def more_text(numbers: Numbers, tell: Language) -> str:
    """What is not shown of a value."""
    if not numbers.numbers:
        return tell("not kept")
    return tell("{some} of {all}", some=len(numbers.numbers), all=len(numbers.numbers) + numbers.more)
