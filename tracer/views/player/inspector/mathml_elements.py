"""Elements of MathML Core: names, numbers, fractions, powers, brackets. Every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple, TypeAlias

from tracer.graph.expression import ATOM, POWER, PRODUCT
from tracer.views.typesetting import FRACTION, GREEK, name_parts, number_parts

Elements: TypeAlias = tuple[str, ...]
"""Elements that stand beside each other."""

SPACE: Elements = ('<mspace width="0.25em"/>',)

MINUS = "\u2212"


class Piece(NamedTuple):
    """Elements with the precedence of what they show."""

    elements: Elements
    precedence: int = ATOM

    def bracketed(self, minimum: int) -> Elements:
        """The elements, in brackets if their precedence is below `minimum`."""
        return self.elements if self.precedence >= minimum else fenced(self.elements)


def one(elements: Elements) -> str:
    """One element, as a fraction or a power takes it."""
    return elements[0] if len(elements) == 1 else f"<mrow>{''.join(elements)}</mrow>"


def text(content: str) -> Elements:
    """Text that is no mathematics."""
    return (f"<mtext>{escape(content, quote=False)}</mtext>",)


def identifier(name: str) -> Elements:
    """A name as it is: one letter is italic, several are upright."""
    return (f"<mi>{escape(name, quote=False)}</mi>",)


def operator(symbol: str, form: str = "infix") -> Elements:
    """An operator; `form` says whether it stands before, between or after its operands."""
    return (f'<mo form="{form}">{escape(symbol)}</mo>',)


def tight(symbol: str) -> Elements:
    """A sign without space around it, such as the point of an attribute."""
    return (f'<mo lspace="0" rspace="0">{symbol}</mo>',)


def joined(parts: Sequence[Elements], between: Elements) -> Elements:
    """Parts with the same elements between them."""
    found: list[str] = []
    for at, part in enumerate(parts):
        found += [*(between if at else ()), *part]
    return tuple(found)


def listed(parts: Sequence[Elements]) -> Elements:
    """Parts with commas between them."""
    return joined(parts, ("<mo>,</mo>",))


def fenced(elements: Elements, fences: Sequence[str] = "()") -> Elements:
    """Elements in brackets, which are as high as they are."""
    return (one((*operator(fences[0], "prefix"), *elements, *operator(fences[-1], "postfix"))),)


def fraction(above: Elements, below: Elements) -> Piece:
    """A fraction."""
    return Piece((f"<mfrac>{one(above)}{one(below)}</mfrac>",), FRACTION)


def power(base: Elements, exponent: Elements) -> Piece:
    """A power; the base is in brackets if it needs them."""
    return Piece((f"<msup>{one(base)}{one(exponent)}</msup>",), POWER)


def below(base: Elements, index: Elements) -> Elements:
    """Elements with others below on the right."""
    return (f"<msub>{one(base)}{one(index)}</msub>",)


def named(name: str) -> Piece:
    """A name of the program: digits become a subscript, `_new` a superscript.

    >>> print(*named("learning_rate").elements, *named("W1").elements)
    <mi>learning_rate</mi> <msub><mi>W</mi><mn>1</mn></msub>
    """
    parts = name_parts(name)
    found = identifier(GREEK.get(parts.stem, parts.stem)) if parts.stem else ()
    index = listed([(f"<mn>{each}</mn>",) if each.isdecimal() else named(each).elements for each in parts.below])
    if index and parts.is_new:
        found = (f"<msubsup>{one(found)}{one(index)}<mtext>new</mtext></msubsup>",)
    elif index:
        found = below(found, index)
    elif parts.is_new:
        found = power(found, text("new")).elements
    return Piece((*found, *(text(parts.mark) if parts.mark else ())), POWER if parts.is_new else ATOM)


def number(digits: str) -> Piece:
    """A number; an exponent becomes a power of ten.

    >>> print(*number("1e16").elements, *number("inf").elements)
    <msup><mn>10</mn><mn>16</mn></msup> <mi>inf</mi>
    """
    mantissa, exponent, is_imaginary = number_parts(digits)
    if not mantissa[:1].isdigit():
        return Piece(identifier(digits))
    found = Piece((f"<mn>{escape(mantissa)}</mn>",))
    if exponent:
        ten = power(("<mn>10</mn>",), (f"<mn>{exponent.replace('-', MINUS)}</mn>",))
        found = ten if mantissa == "1" else Piece((*found.elements, *operator("\u00d7"), *ten.elements), PRODUCT)
    return Piece((*found.bracketed(PRODUCT), "<mi>j</mi>"), PRODUCT) if is_imaginary else found
