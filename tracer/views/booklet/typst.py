"""Text and images as typst source. User text is always a string literal, never markup or code."""

from __future__ import annotations

import re

_SURROGATES = re.compile("[\ud800-\udfff]")
_OPERATOR = re.compile(r"(?<= [+*/=]) ")
_MINUS = re.compile(r"(?<= )(- [^ ]{1,24})(?= |$)")


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
    r"""Monospaced text as typst code that wraps at spaces, but not after an operator: a line begins with it.

    >>> flowing("y = 3 + 0.7", 9, "#111111").endswith('"y =\\u{a0}3 +\\u{a0}0.7")')
    True
    >>> flowing("y = 3 - 0.7 = 2.3", 9, "#111111").endswith('"y =\\u{a0}3 " + box("- 0.7") + " =\\u{a0}2.3")')
    True
    """
    parts = []
    for position, part in enumerate(_MINUS.split(text)):
        kept = literal(_OPERATOR.sub("\u00a0", part)).replace("\u00a0", "\\u{a0}")
        # A line may end with a hyphen, even before a space that is kept.
        parts.append(f"box({literal(part)})" if position % 2 else kept)
    return f'text(font: "DejaVu Sans Mono", size: {size}pt, fill: rgb({literal(colour)}), {" + ".join(parts)})'


def image(svg: str, width: float, height: float) -> str:
    """An SVG image of this size in points, as typst code."""
    return f'image(bytes({literal(svg)}), format: "svg", width: {width:.2f}pt, height: {height:.2f}pt)'
