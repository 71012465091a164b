"""Finds characters that have no glyph in the fonts of diagrams and documents."""

from __future__ import annotations

import unicodedata

from tracer.rendering.document import pages
from tracer.rendering.engine import DISPLAY_FONTS
from tracer.views.booklet.typst import image, literal

_NONCHARACTER = "\U0010fffe"
"""A code point that no font has a glyph for, and that XML allows."""

_INVISIBLE = ("M", "Z", "Cc", "Cf", "Cs")
"""Unicode categories without a glyph of their own: combining marks, white space, control, format, surrogates."""

_SIDE = 24
_PIXELS_PER_INCH = 36


def missing_glyphs(texts: str) -> tuple[str, ...]:
    """The characters shown as a placeholder box or not at all, in a diagram or a document, in order of appearance.

    Rendered images are compared: a character is missing if it looks like a noncharacter. In a diagram, one missing
    character can hide others on the same line that neither font has.

    >>> missing_glyphs("dL/dx"), missing_glyphs("β of 名字 is \\u2202, caf\\u00e9"), missing_glyphs("x \\U0001f642 y \\ud55c")
    ((), (), ('🙂', '한'))
    """
    if texts.isascii():
        return ()
    probed = [character for character in dict.fromkeys(texts) if not character.isascii() and _is_visible(character)]
    if not probed:
        return ()
    page = f"#set page(width: {_SIDE}pt, height: {_SIDE}pt, margin: 6pt)\n#set text(size: 10pt)\n"
    probes = [probe for character in [*probed, _NONCHARACTER] for probe in _probes(character)]
    pictures = pages(page + "\n#pagebreak()\n".join(probes), _PIXELS_PER_INCH)
    count = len(pictures) // (len(probed) + 1)
    placeholders = pictures[-count:]
    return tuple(
        character
        for position, character in enumerate(probed)
        if any(picture == box for picture, box in zip(pictures[position * count :], placeholders))
    )


def _is_visible(character: str) -> bool:
    return not unicodedata.category(character).startswith(_INVISIBLE) and character not in "\ufffe\uffff"


def _probes(character: str) -> list[str]:
    """Typst code that renders a character alone: in a document, and in each font of a diagram."""
    probes = [f'#text(font: ("Noto Sans SC", "DejaVu Sans Mono"), {literal(character)})']
    for family in DISPLAY_FONTS.values():
        size = f'width="{_SIDE}" height="{_SIDE}"'
        text = f'<text x="2" y="17" font-family="{family}" font-size="14">{character}</text>'
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{text}</svg>'
        probes.append(f"#place(dx: -6pt, dy: -6pt, {image(svg, _SIDE, _SIDE)})")
    return probes
