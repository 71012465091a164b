"""Text and images as typst source. User text is always a string literal, never markup or code."""

from __future__ import annotations

import re

_SURROGATES = re.compile("[\ud800-\udfff]")
_TERM = re.compile(r"(?<= )([-+*/=] [^ ]{1,24})(?= |$)")

CHARACTER_WIDTH = 0.602
"""Width of a character of the monospaced font relative to the font size."""

SHORT = 50
"""Length of a text that fits on a line."""


def literal(text: str) -> str:
    """A text as a typst string literal: nothing in it is interpreted as markup or code.

    >>> print(literal('#panic("no")'))
    "#panic(\\"no\\")"
    >>> literal("na\\udcefve") == '"na\\ufffdve"'
    True
    """
    # A document is UTF-8: it contains neither NUL nor the bytes of a file name in another encoding.
    escaped = _SURROGATES.sub("\ufffd", text.replace("\0", "?")).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def mono(text: str, size: float = 8.5, colour: str = "#111111") -> str:
    r"""Monospaced text as typst code; newlines and spaces are kept.

    >>> mono("a b").endswith('"a\\u{a0}b")')
    True
    """
    kept = literal(text.replace(" ", "\u00a0")).replace("\u00a0", "\\u{a0}").replace("\n", "\\n")
    return f'text(font: "DejaVu Sans Mono", size: {size}pt, fill: rgb({literal(colour)}), {kept})'


def flowing(text: str, size: float, colour: str) -> str:
    """Monospaced text as typst code that wraps at spaces; of a long one, a line may begin with an operator, but not end with it.

    >>> flowing("y = 3 - 0.7", 9, "#111111").endswith('"y = 3 - 0.7")')
    True
    >>> flowing("y = 3 - 0.7 = 2.3" + 40 * " ", 9, "#111111").partition("y ")[2].rstrip(' ")+')
    '" + box("= 3") + " " + box("- 0.7") + " " + box("= 2.3'
    """
    parts = _TERM.split(text) if len(text) > SHORT else [text]
    code = " + ".join(f"box({literal(part)})" if at % 2 else literal(part) for at, part in enumerate(parts))
    return f'text(font: "DejaVu Sans Mono", size: {size}pt, fill: rgb({literal(colour)}), {code})'


def image(svg: str, width: float, height: float) -> str:
    """An SVG image of this size in points, as typst code."""
    return f'image(bytes({literal(svg)}), format: "svg", width: {width:.2f}pt, height: {height:.2f}pt)'
