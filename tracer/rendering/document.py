"""Compiles Typst documents to PDF or PNG. The same document gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import typst

from tracer.views.booklet.typst import literal
from tracer.views.svg import Drawing

MAX_SIDE_PIXELS = 12_000
FONTS = Path(__file__).parent / "fonts"


def pdf(document: str) -> bytes:
    """Compile a Typst document to PDF. Only the bundled fonts and Typst's own are used, never the system's."""
    (content,) = _compile(document, "pdf")
    return content


def png(drawing: Drawing, pixels_per_inch: float = 144, background: str = "#FFFFFF") -> bytes:
    """Rasterize a drawing. The resolution is reduced if a side would exceed MAX_SIDE_PIXELS."""
    longest = max(drawing.width, drawing.height)
    pixels_per_inch = min(pixels_per_inch, 72 * MAX_SIDE_PIXELS / longest)
    size = f"width: {drawing.width:.2f}pt, height: {drawing.height:.2f}pt"
    page = f'#set page({size}, margin: 0pt, fill: white)\n#image(bytes({literal(drawing.svg)}), format: "svg", width: 100%)'
    (content,) = pages(page, pixels_per_inch)
    return content


def pages(document: str, pixels_per_inch: float) -> list[bytes]:
    """Compile a Typst document to one PNG per page."""
    return _compile(document, "png", pixels_per_inch)


def _compile(document: str, format: str, pixels_per_inch: float | None = None) -> list[bytes]:
    compiled = typst.compile(
        document.encode(),
        root=str(FONTS),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format=format,  # type: ignore[call-overload]
        ppi=pixels_per_inch,
        pdf_tags=False,  # images have no alternative text, and some PDF readers mishandle the tags
    )
    return compiled if isinstance(compiled, list) else [compiled]
