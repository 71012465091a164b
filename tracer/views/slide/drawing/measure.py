"""Widths of texts, and columns of numbers that are aligned on the point."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from tracer.views.slide.drawing.marks import SMALL

MONO = 0.61
"""Width of a character of the monospaced font relative to its size."""

OPERATORS = frozenset({"+", "-", "*", "/", "@", ">", "<", "=", "==", "if", "else"})
"""Words before which a formula may be broken."""

NARROW, WIDE = frozenset("iljtfrI.,:;|!'()[]/- "), frozenset("mwMW@%")


def mono_width(text: str, size: float = SMALL) -> float:
    """The width of a monospaced text; characters of East Asia take two columns."""
    return size * MONO * sum(2 if unicodedata.east_asian_width(each) in "FW" else 1 for each in text)


def text_width(text: str, size: float = SMALL, *, is_bold: bool = False) -> float:
    """An upper bound of the width of a text in the fonts that a slide may be shown in."""
    widths = (
        0.42 if each in NARROW else 0.95 if each in WIDE else 1.0 if unicodedata.east_asian_width(each) in "FW" else 0.63
        for each in text
    )
    return size * sum(widths) * (1.06 if is_bold else 1.0)


def split_number(text: str) -> tuple[str, str]:
    """A number before its point, and from its point on.

    >>> split_number("-0.326"), split_number("12"), split_number("3.61e+03"), split_number("1e-05")
    (('-0', '.326'), ('12', ''), ('3', '.61e+03'), ('1', 'e-05'))
    """
    for at, character in enumerate(text):
        if character == "." or (character == "e" and at):
            return text[:at], text[at:]
    return text, ""


class Column:
    """Places for numbers below each other, aligned on the point."""

    def __init__(self, texts: Sequence[str]) -> None:
        parts = [split_number(text) for text in texts]
        self.before = max((mono_width(before) for before, _ in parts), default=0.0)
        self.after = max((mono_width(after) for _, after in parts), default=0.0)
        self._parts = parts

    @property
    def width(self) -> float:
        """The width of the column."""
        return self.before + self.after

    def offsets(self) -> Iterator[float]:
        """The distance of every number from the left side of the column."""
        for before, _ in self._parts:
            yield self.before - mono_width(before)


BETWEEN = 14
"""Distance of columns of numbers."""


class Columns:
    """Columns of numbers side by side, each aligned on the point, at least as wide as its heading, and at least `least`."""

    def __init__(self, columns: Sequence[Sequence[str]], headings: Sequence[str] = (), least: float = 0.0) -> None:
        self._columns = [Column(texts) for texts in columns]
        heads = [text_width(text) for text in headings] or [0.0] * len(columns)
        self._widths = [max(column.width, head, least) for column, head in zip(self._columns, heads, strict=True)]

    @property
    def width(self) -> float:
        """The width of all columns."""
        return sum(self._widths) + BETWEEN * (len(self._widths) - 1)

    def middles(self) -> Iterator[float]:
        """The distance of the middle of every column from the left side."""
        x = 0.0
        for width in self._widths:
            yield x + width / 2
            x += width + BETWEEN

    def offsets(self) -> list[list[float]]:
        """The distance of every number from the left side, by column."""
        return [
            [middle - column.width / 2 + offset for offset in column.offsets()]
            for middle, column in zip(self.middles(), self._columns, strict=True)
        ]


def wrapped(text: str, width: int) -> list[str]:
    """A formula in lines of at most `width` characters, broken before operators and after commas, if possible not in brackets.

    >>> wrapped("x @ layers[0].W + layers[0].b", 18), wrapped("sum(g, axis=0)", 20), wrapped("abcdefgh", 4)
    (['x @ layers[0].W', '+ layers[0].b'], ['sum(g, axis=0)'], ['abcdefgh'])
    >>> wrapped("g * 2 * (out - target) / 10", 16)
    ['g * 2', '* (out - target)', '/ 10']
    """
    lines: list[str] = []
    for piece in _pieces(text, width, 0):
        if lines and len(lines[-1]) + len(piece) <= width:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return [line.rstrip() for line in lines]


MAX_BRACKETS = 4
"""Maximum depth of brackets in which a formula is broken."""


def _pieces(text: str, width: int, depth: int) -> Iterator[str]:
    """The text cut before operators and after commas in at most `depth` brackets; in more only where a piece is too long."""
    piece, level = "", 0
    words = text.split(" ")
    pieces = []
    for at, word in enumerate(words):
        if at and level <= depth and (word in OPERATORS or piece.endswith(",")):
            pieces.append(piece)
            piece = ""
        piece += f" {word}" if at else word
        level += sum(each in "([" for each in word) - sum(each in ")]" for each in word)
    for each in (*pieces, piece):
        if len(each.strip()) > width and depth < MAX_BRACKETS:
            yield from _pieces(each, width, depth + 1)
        else:
            yield each
