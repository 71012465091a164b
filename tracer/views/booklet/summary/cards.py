"""Blocks of a summary as typst code: an operation with its numbers, a titled list, columns."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.graph.expression import Expression
from tracer.views.booklet.page import cell, muted
from tracer.views.booklet.typst import flowing, literal
from tracer.views.booklet.typst_math import to_typst
from tracer.views.diagrams.theme import Kind, Style

FORMULA_SPACE = 1_000
"""Maximum length of a formula on one line times its font size."""

MIN_FORMULA_SIZE = 8.0

NUMBER_SIZE = 9.0
"""Font size of numbers in points."""


def card(parts: Sequence[str], kind: Kind, style: Style, gap: float = 3) -> str:
    """Parts below each other, with a bar in the colour of a kind at their left."""
    line = f"(left: 1.8pt + rgb({literal(style.theme.boxes[kind].border)}))"
    inner = ", ".join(part for part in parts if part)
    return f"block(width: 100%, inset: (left: 8pt, y: 1pt), stroke: {line}, stack(spacing: {gap}pt, {inner}))"


def formula(equation: Expression, style: Style, size: float = 12, *, is_gradient: bool = False) -> str:
    """An equation typeset as mathematics, or else as plain text."""
    source = to_typst(equation)
    if source is None:
        return numbers(equation.text, style, NUMBER_SIZE, is_gradient=is_gradient)
    size = max(MIN_FORMULA_SIZE, min(size, FORMULA_SPACE / len(equation.text)))
    return f"text(size: {size:.1f}pt, $ {source} $)"


def numbers(text: str, style: Style, size: float = NUMBER_SIZE, *, is_gradient: bool = False) -> str:
    """Numbers in a line that is broken at spaces."""
    return flowing(text, size, style.theme.gradient if is_gradient else style.theme.text)


def lines(texts: Sequence[str], style: Style, *, size: float = NUMBER_SIZE, is_gradient: bool = False) -> str:
    """Lines of numbers that are aligned in columns."""
    return cell("\n".join(texts), style, size, is_gradient=is_gradient)


def table(rows: Sequence[Sequence[str]], aligned: Sequence[str], style: Style) -> str:
    """Numbers and their titles in columns, also where a title has wide characters."""
    cells = [lines([text], style) for row in rows for text in row]
    count = max(map(len, rows))
    align = f"({', '.join(aligned[:count])},)"
    return f"grid(columns: {count}, column-gutter: 14pt, row-gutter: 3pt, align: {align}, {', '.join(cells)})"


def plain(text: str, size: float = 9.5) -> str:
    """A text that is broken into lines."""
    return f"text(size: {size}pt, {literal(text)})"


def small(text: str, style: Style) -> str:
    """A text in small type and the muted colour."""
    return muted(text, style, 8)


def pair(one: str, other: str, *, breaks: bool = True) -> str:
    """Two parts beside each other; the second above the first where that `breaks` into no lines, and leaves no room."""
    return f"beside({one}, {other}, {'true' if breaks else 'false'})"


def headed(equation: Expression, note: str, style: Style, size: float = 12) -> str:
    """An equation with a note at its right. Mathematics is not broken into lines."""
    return pair(formula(equation, style, size), note, breaks=to_typst(equation) is None)


def columns(parts: Sequence[str], widths: Sequence[str], gap: float = 10) -> str:
    """Parts beside each other, in columns of these widths."""
    return f"grid(columns: ({', '.join(widths)}), column-gutter: {gap}pt, row-gutter: 6pt, {', '.join(parts)})"


def above(parts: Sequence[str], gap: float = 5) -> str:
    """Parts below each other."""
    return f"stack(spacing: {gap}pt, {', '.join(part for part in parts if part)})"


def placed(code: str, below: float = 10) -> str:
    """A part as a block of a page."""
    return f"#block(below: {below}pt, above: 0pt, width: 100%, {code})"


def centred(code: str, beyond: float = 0) -> str:
    """A part in the middle of the page, which may be wider than the text by so many points on each side."""
    return f"pad(x: {-beyond:.2f}pt, align(center, {code}))"


def warning(text: str, size: float = 10) -> str:
    """A text in red."""
    return f'text(size: {size}pt, fill: rgb("#B00020"), {literal(text)})'
