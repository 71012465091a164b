"""Boxes of operations: a title, a formula, and below a line the rules of the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.views.aligned_text import display_width
from tracer.views.grids import shortened
from tracer.views.slide.drawing.marks import LINE, TITLE, Role, Text
from tracer.views.slide.drawing.measure import mono_width, text_width, wrapped
from tracer.views.slide.structure.content import Box

PADDING = 9
MAX_LINES = 4
"""Maximum number of lines of a formula or a rule; longer ones are left out."""


@dataclass(frozen=True, slots=True)
class BoxText:
    """The texts of a box, wrapped to `width` characters."""

    title: tuple[str, ...]
    formula: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def width(self) -> float:
        """The width of the box."""
        titles = [text_width(line, TITLE, is_bold=True) for line in self.title]
        return max([*titles, *map(mono_width, (*self.formula, *self.rules)), 24.0]) + 2 * PADDING

    @property
    def height(self) -> float:
        """The height of the box."""
        rules = LINE * len(self.rules) + 8 if self.rules else 0
        return (LINE + 2) * len(self.title) + LINE * len(self.formula) + rules + 2 * PADDING - 4

    def texts(self, middle: float, top: float, forward: int, backward: int) -> Iterator[Text]:
        """The texts of the box with its upper side there."""
        y = top + PADDING + 13
        for line in self.title:
            yield Text(middle, y, line, Role.TEXT, TITLE, is_bold=True, anchor="middle", frame=forward)
            y += LINE + 2
        for line in self.formula:
            yield Text(middle, y - 1, line, Role.TEXT, is_mono=True, anchor="middle", frame=forward)
            y += LINE
        y += 8
        for line in self.rules:
            yield Text(middle, y - 1, line, Role.GRADIENT, is_mono=True, anchor="middle", frame=backward)
            y += LINE

    def divider(self, top: float) -> float | None:
        """The y of the line above the rules."""
        if not self.rules:
            return None
        return top + PADDING + (LINE + 2) * len(self.title) + LINE * len(self.formula) + 2


def box_text(box: Box, names: dict[int, str], width: int, most: int) -> BoxText:
    """The texts of a box wrapped to that many characters; `names` are those of the values.

    With more than `most` lines the formula of a box that also has a rule is left out, or the rules if they are too long by
    themselves and of several values; of a formula of several parts the first.
    """
    title = _words(box.title, max(width, 13))
    if box.repeats > 1:
        title = (*title, f"x{box.repeats}")
    formula = _short(box.formula, width)
    if box.formula == box.title:
        formula = ()
    rules: list[str] = []
    for rule in box.rules:
        if not rule.text:
            continue
        lines = _short(rule.text, width)
        if not lines:
            continue
        if len(box.rules) > 1:
            rules.append(f"{shortened(names.get(rule.value, ''), width - 1)}:")
        rules += lines
    if len(box.rules) > 2 and len(title) + len(rules) > most:
        rules = []
    if len(title) + len(formula) + len(rules) > most and rules:
        formula = ()
    parts = box.formula.split("\n")
    while (not formula or len(title) + len(formula) > most) and len(parts) > 1:
        parts = parts[1:]
        formula = _short("\n".join(parts), width)
    return BoxText(title, formula, tuple(rules))


def _short(text: str, width: int) -> tuple[str, ...]:
    """A formula in lines; nothing if it needs too many, or too long ones."""
    lines = [line for part in text.split("\n") for line in wrapped(part, width)] if text else []
    return tuple(lines) if len(lines) <= MAX_LINES and all(len(line) <= width + 6 for line in lines) else ()


def _words(title: str, width: int) -> tuple[str, ...]:
    lines: list[str] = []
    for word in title.split(" "):
        if lines and display_width(lines[-1]) + 1 + display_width(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(shortened(line, width + 4) for line in lines)
