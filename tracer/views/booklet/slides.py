"""Diagrams on pages of their own size, for slides or posters."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.views.booklet.pagination import MAX_PAGE_SIDE
from tracer.views.booklet.typst import image, literal
from tracer.views.diagrams.theme import Style
from tracer.views.svg import Drawing

MARGIN = 12.0


def slides(title: str, drawings: Sequence[Drawing], style: Style, margin: float = MARGIN) -> str:
    """A typst document with a page for every drawing."""
    lines = [f"#set document(title: {literal(title)}, date: none)"]
    for drawing in drawings:
        scale = min(1.0, (MAX_PAGE_SIDE - 2 * margin) / max(drawing.width, drawing.height))
        width, height = drawing.width * scale, drawing.height * scale
        size = f"width: {width + 2 * margin:.2f}pt, height: {height + 2 * margin:.2f}pt, margin: {margin}pt"
        lines.append(f"#page({size}, fill: rgb({literal(style.theme.background)}))[#{image(drawing.svg, width, height)}]")
    return "\n".join(lines) + "\n"
