"""Tables of text with aligned columns, and the width of a text in a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence


def display_width(text: str) -> int:
    """The width of a text in terminal columns: a Chinese character takes two.

    >>> display_width("loss"), display_width("损失")
    (4, 4)
    """
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(each) in "FW" else 1 for each in text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """A text padded to `width` terminal columns, right-aligned with `right`.

    >>> padded("loss", 6), padded("损失", 6), padded("损失", 6, right=True)
    ('loss  ', '损失  ', '  损失')
    """
    blanks = " " * (width - display_width(text))
    return blanks + text if right else text + blanks


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), gap: str = "  ") -> list[str]:
    """Format rows of equal length as lines. Columns in `right` are right-aligned, the others left-aligned.

    Chinese characters are two terminal columns wide. Trailing spaces are removed.

    >>> table([("name", "steps"), ("fruit", "6"), ("数字", "60")], right=[1])
    ['name   steps', 'fruit      6', '数字      60']
    >>> table([])
    []
    """
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = zip(row, widths, strict=True)
        return gap.join(padded(cell, width, right=at in right) for at, (cell, width) in enumerate(cells)).rstrip()

    return [line(row) for row in rows]
