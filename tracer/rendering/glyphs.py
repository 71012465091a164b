"""Which characters of a text have no glyph in the fonts that pictures and documents are set in."""

from __future__ import annotations

import unicodedata

from tracer.rendering.document import pages
from tracer.rendering.engine import SHOWN_FONTS
from tracer.views.booklet.typst import image, literal

_NO_CHARACTER = "\U0010fffe"
"""What no font has a glyph for, and XML allows."""

_UNSEEN = ("M", "Z", "Cc", "Cf", "Cs")
"""Categories that have no picture of their own: combining marks, white space, controls, formats, halves of pairs."""

_SIDE = 24
_PIXELS_PER_INCH = 36


def missing_glyphs(texts: str) -> tuple[str, ...]:
    """The characters that are seen as a box or not at all, in a diagram or beside one, in the order of the text.

    What is compared is what is seen: a character is missing where its picture is that of a code point which is no character.
    Within a diagram, one missing character can make others vanish that stand in the same line and in neither of its fonts.

    >>> missing_glyphs("dL/dx"), missing_glyphs("β of 名字 is \\u2202, caf\\u00e9"), missing_glyphs("x \\U0001f642 y \\ud55c")
    ((), (), ('🙂', '한'))
    """
    if texts.isascii():
        return ()
    probed = [character for character in dict.fromkeys(texts) if not character.isascii() and _is_seen(character)]
    if not probed:
        return ()
    page = f"#set page(width: {_SIDE}pt, height: {_SIDE}pt, margin: 6pt)\n#set text(size: 10pt)\n"
    probes = [probe for character in [*probed, _NO_CHARACTER] for probe in _probes(character)]
    pictures = pages(page + "\n#pagebreak()\n".join(probes), _PIXELS_PER_INCH)
    count = len(pictures) // (len(probed) + 1)
    nothing = pictures[-count:]
    return tuple(
        character
        for position, character in enumerate(probed)
        if any(seen == box for seen, box in zip(pictures[position * count :], nothing))
    )


def _is_seen(character: str) -> bool:
    return not unicodedata.category(character).startswith(_UNSEEN) and character not in "\ufffe\uffff"


def _probes(character: str) -> list[str]:
    """A character by itself in every font of a diagram, and in a document."""
    probes = [f'#text(font: ("Noto Sans SC", "DejaVu Sans Mono"), {literal(character)})']
    for family in SHOWN_FONTS.values():
        size = f'width="{_SIDE}" height="{_SIDE}"'
        text = f'<text x="2" y="17" font-family="{family}" font-size="14">{character}</text>'
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{text}</svg>'
        probes.append(f"#place(dx: -6pt, dy: -6pt, {image(svg, _SIDE, _SIDE)})")
    return probes
