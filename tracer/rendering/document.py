"""Typst: a document with pictures in, PDF or PNG bytes out. The same document gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import typst

from tracer.views.booklet.typst import literal
from tracer.views.svg import Drawing

MOST_PIXELS = 12_000
FONTS = Path(__file__).parent / "fonts"


def pdf(document: str) -> bytes:
    """The PDF of a typst document, in the shipped fonts and typst's own, whatever the machine has installed."""
    (made,) = _compile(document, "pdf")
    return made


def png(drawing: Drawing, pixels_per_inch: float = 144, background: str = "#FFFFFF") -> bytes:
    """A picture of a drawing on a background; a very large one is made coarser, so that no side has over 12,000 pixels."""
    longest = max(drawing.width, drawing.height)
    pixels_per_inch = min(pixels_per_inch, 72 * MOST_PIXELS / longest)
    size = f"width: {drawing.width:.2f}pt, height: {drawing.height:.2f}pt"
    page = f'#set page({size}, margin: 0pt, fill: white)\n#image(bytes({literal(drawing.svg)}), format: "svg", width: 100%)'
    (made,) = pages(page, pixels_per_inch)
    return made


def pages(document: str, pixels_per_inch: float) -> list[bytes]:
    """Every page of a typst document as a picture."""
    return _compile(document, "png", pixels_per_inch)


def _compile(document: str, format: str, pixels_per_inch: float | None = None) -> list[bytes]:
    made = typst.compile(
        document.encode(),
        root=str(FONTS),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format=format,  # type: ignore[call-overload]
        ppi=pixels_per_inch,
        pdf_tags=False,  # the pictures have no alternative texts, and some readers stumble over the tags
    )
    return made if isinstance(made, list) else [made]
