"""Tables of text with aligned columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tracer.views.notation import display_width, padded


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
