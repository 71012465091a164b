"""The cards of parameters below the boxes that use them: elements with their value, gradient and new value in columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.i18n.language import Language
from tracer.views.notation import index_text
from tracer.views.slide.drawing.frames import Numbering
from tracer.views.slide.drawing.heading import uses_text
from tracer.views.slide.drawing.marks import LINE, Role, Text
from tracer.views.slide.drawing.measure import Column, mono_width, text_width
from tracer.views.slide.structure.content import Parameter, Row
from tracer.views.slide.structure.samples import Number, size_text

PADDING = 8
GAP = 14
"""Distance of columns."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a compact card: how long names may be, and whether each parameter says how many elements are shown."""

    max_name: int = 18
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """Some parameters. Of those that have no room, `hidden` is the number.

    A compact card has no line for the name of a parameter, with its rule, but a name before every element. Where some elements
    are shown, it says of how many, or that they are some.
    """

    parameters: tuple[Parameter, ...]
    hidden: int
    tell: Language
    is_compact: bool = False
    labels: Labels = Labels()

    @property
    def boxes(self) -> tuple[int, ...]:
        """The boxes that use the parameters."""
        return self.parameters[0].boxes

    def _ordered(self) -> list[tuple[Parameter, int]]:
        """The lines in order: a parameter and the position of its row, -1 for its name."""
        lines = []
        for parameter in self.parameters:
            rows = [(parameter, at) for at in range(len(parameter.rows))]
            lines += rows if self.is_compact and rows else [(parameter, -1), *rows]
        return lines

    @property
    def height(self) -> float:
        """The height in points."""
        return (len(self._ordered()) + 1 + (self.hidden > 0)) * LINE + PADDING

    @property
    def has_gradients(self) -> bool:
        """Whether a gradient of any of the elements is shown."""
        return any(row.gradient for parameter in self.parameters for row in parameter.rows)

    @property
    def has_updates(self) -> bool:
        """Whether a new value of any of the elements is shown."""
        return any(row.new for parameter in self.parameters for row in parameter.rows)

    def _columns(self) -> list[tuple[str, Role, list[Number | None]]]:
        """The columns: their title, what they show, and the numbers of every row."""
        rows = [row for parameter in self.parameters for row in parameter.rows]
        columns: list[tuple[str, Role, list[Number | None]]] = [(self.tell("value"), Role.VALUE, [row.value for row in rows])]
        if self.has_gradients:
            columns.append((self.tell("gradient"), Role.GRADIENT, [row.gradient for row in rows]))
        if any(row.own for row in rows):
            columns.append((self._own_title(), Role.GRADIENT, [row.own for row in rows]))
        if self.has_updates:
            columns.append((self.tell("new value"), Role.UPDATE, [row.new for row in rows]))
        return columns

    def _own_title(self) -> str:
        """The title of the gradients that the program computes: a compact card has no other place for how they compare."""
        notes = {parameter.note for parameter in self.parameters if parameter.note}
        return notes.pop() if self.is_compact and len(notes) == 1 else self.tell("own gradient")

    def _label(self, parameter: Parameter, row: Row) -> str:
        index = index_text(row.index)
        return f"{ending(parameter.name, self.labels.max_name)}{index}" if self.is_compact else index

    def _index_width(self) -> float:
        texts = [self._label(parameter, row) for parameter in self.parameters for row in parameter.rows]
        return max([*map(mono_width, texts), text_width(self._corner())], default=0.0)

    def _corner(self) -> str:
        """What stands above the labels."""
        is_some = self.is_compact and not self.labels.counts and any(parameter.more for parameter in self.parameters)
        return self.tell("some elements") if is_some else ""

    def _uses(self, parameter: Parameter) -> str:
        if self.is_compact:
            return uses_text(parameter.uses)
        return self.tell("used {count} times", count=parameter.uses) if parameter.uses > 1 else ""

    def _part(self, parameter: Parameter) -> str:
        """How many of its elements are shown; nothing if all are."""
        some = len(parameter.rows)
        if self.is_compact and not self.labels.counts:
            return ""
        return self.tell("{some} of {all}", some=some, all=some + parameter.more) if some and parameter.more else ""

    def _uses_width(self) -> float:
        """The width of the column of uses in a compact card, with its distance from what is beside it."""
        widths = [mono_width(self._uses(parameter)) for parameter in self.parameters if parameter.uses > 1]
        return max(widths) + GAP if widths and self.is_compact else 0.0

    def _notes_width(self) -> float:
        """The width of what stands behind the first element of every parameter in a compact card."""
        parts = max(text_width(self._part(parameter)) for parameter in self.parameters)
        return self._uses_width() + (parts + GAP if parts and self.is_compact else 0.0)

    def _widths(self) -> list[float]:
        return [
            max(Column([each.text for each in numbers if each]).width, text_width(title)) for title, _, numbers in self._columns()
        ]

    @property
    def width(self) -> float:
        """The width in points."""
        index = self._index_width()
        table = index + (GAP if index else 0) + sum(self._widths()) + GAP * (len(self._widths()) - 1) + self._notes_width()
        named = [parameter for parameter, row in self._ordered() if row == -1]
        names = max((self._name_width(parameter) for parameter in named), default=0.0)
        return max(table, names, text_width(self._hidden())) + 2 * PADDING

    def _hidden(self) -> str:
        return self.tell("more parameters: {count}", count=self.hidden) if self.hidden else ""

    def _name_width(self, parameter: Parameter) -> float:
        return sum(width for _, _, width in self._name_parts(parameter)) + GAP * (len(self._name_parts(parameter)) - 1)

    def _name_parts(self, parameter: Parameter) -> list[tuple[str, Role, float]]:
        """The name of a parameter with its shape, what is shown of it, how often it is used, and the rule of its gradient."""
        name = f"{parameter.name} {size_text(parameter.shape)}".strip()
        parts = [(name, Role.TEXT, mono_width(name))]
        if self._part(parameter):
            parts.append((self._part(parameter), Role.MUTED, text_width(self._part(parameter))))
        if parameter.uses > 1:
            parts.append((self._uses(parameter), Role.MUTED, text_width(self._uses(parameter))))
        if parameter.rule:
            parts.append((parameter.rule, Role.GRADIENT, mono_width(parameter.rule)))
        if parameter.note:
            parts.append((parameter.note, Role.GRADIENT, text_width(parameter.note)))
        return parts

    def texts(self, x: float, y: float, frames: Numbering) -> Iterator[Text]:
        """The texts of the card with its upper left corner there."""
        left = x + PADDING
        index_width = self._index_width()
        forward = min(frames.forward(parameter.boxes[0]) for parameter in self.parameters)
        backward = min(frames.all_back(parameter.boxes) for parameter in self.parameters)
        of = {Role.VALUE: forward, Role.GRADIENT: backward, Role.UPDATE: frames.update}
        if self._corner():
            yield Text(left, y + LINE, self._corner(), Role.MUTED, frame=forward)
        starts, at = [], left + index_width + (GAP if index_width else 0)
        for (title, role, _), width in zip(self._columns(), self._widths(), strict=True):
            starts.append(at)
            yield Text(at + width, y + LINE, title, role, anchor="end", frame=of[role])
            at += width + GAP
        lines = self._ordered()
        places = {(parameter.node, row): y + LINE * (number + 2) for number, (parameter, row) in enumerate(lines)}
        for parameter, row in lines:
            down, frame = places[parameter.node, row], frames.forward(parameter.boxes[0])
            if row == -1:
                yield from self._name_texts(parameter, left, down, frames)
                continue
            label = self._label(parameter, parameter.rows[row])
            if label:
                role = Role.TEXT if self.is_compact else Role.MUTED
                yield Text(left, down, label, role, is_mono=True, is_bold=self.is_compact, frame=frame)
            if self.is_compact and row == 0:
                right = x + self.width - PADDING
                if self._uses(parameter):
                    yield Text(right, down, self._uses(parameter), Role.MUTED, is_mono=True, anchor="end", frame=frame)
                if self._part(parameter):
                    right -= self._uses_width()
                    yield Text(right, down, self._part(parameter), Role.MUTED, anchor="end", frame=frame)
        if self.hidden:
            yield Text(left, y + LINE * (len(lines) + 2), self._hidden(), Role.MUTED, frame=forward)
        rows = [(parameter, at) for parameter in self.parameters for at in range(len(parameter.rows))]
        for start, width, (_, role, numbers) in zip(starts, self._widths(), self._columns(), strict=True):
            shown = [(place, number) for place, number in zip(rows, numbers, strict=True) if number is not None]
            column = Column([number.text for _, number in shown])
            indent = width - column.width
            for ((parameter, at), number), offset in zip(shown, column.offsets(), strict=True):
                frame = {
                    Role.VALUE: frames.forward(parameter.boxes[0]), Role.GRADIENT: frames.all_back(parameter.boxes),
                }.get(role, frames.update)  # fmt: skip
                yield number_text_at(number, start + indent + offset, places[parameter.node, at], role, frame)

    def _name_texts(self, parameter: Parameter, x: float, y: float, frames: Numbering) -> Iterator[Text]:
        for text, role, width in self._name_parts(parameter):
            is_mono = role is Role.TEXT or text == parameter.rule
            frame = frames.all_back(parameter.boxes) if role is Role.GRADIENT else frames.forward(parameter.boxes[0])
            yield Text(x, y, text, role, is_mono=is_mono, is_bold=role is Role.TEXT, frame=frame)
            x += width + GAP


def ending(name: str, most: int) -> str:
    """The end of a long name, which tells the parameters of equal modules apart.

    >>> ending("layers.0.attention.in_proj_weight", 17), ending("W1", 17)
    ('...in_proj_weight', 'W1')
    """
    return name if len(name) <= most else f"...{name[3 - most :]}"


def number_text_at(number: Number, x: float, y: float, role: Role, frame: int) -> Text:
    """The text of a number, which stands out if it is not finite."""
    return Text(
        x, y, number.text, role, is_mono=True, is_alarming=not number.is_finite, node=number.node, index=number.index, frame=frame
    )
