"""Parses formulas: the templates that operations declare, and the names in a record.

The formula of a recorded operation is a template such as `{0} @ {1}`, whose slots are replaced by the expressions of its
inputs. Text that cannot be parsed is kept verbatim.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from tracer.graph.expression import (
    Expression,
    Name,
    Opaque,
    Slot,
    number,
)
from tracer.graph.parser import ParseError, Parser
from tracer.graph.record import Literal

MAX_LABEL_LENGTH = 48
"""Maximum length of an expression used as the label of an unnamed node; beyond it, the label is the node's number."""

_SLOT = re.compile(r"(\{\d+\})")


@functools.lru_cache(maxsize=16_384)
def parse_template(text: str) -> Expression:
    """The formula of an operation, with slots for its inputs. Its spacing is normalized.

    >>> a, b, c = map(Name, "abc")
    >>> product, difference = parse_template("{0} * {1}"), parse_template("{0}-{1}")
    >>> product.substitute([difference.substitute([a, b]), c]).text
    '(a - b) * c'
    >>> difference.substitute([a, difference.substitute([b, c])]).text
    'a - (b - c)'
    >>> power, minus = parse_template("{0} ** {1}"), parse_template("-{0}")
    >>> power.substitute([number("-0.5"), a]).text, minus.substitute([product.substitute([a, b])]).text
    ('(-0.5) ** a', '-(a * b)')
    >>> parse_template("{0} of type {1}").substitute([a, b]).text
    'a of type b'
    """
    try:
        return Parser(text).parse()
    except ParseError:
        pieces = [Slot(int(piece[1:-1])) if _SLOT.fullmatch(piece) else piece for piece in _SLOT.split(text)]
        return Opaque(tuple(pieces))


@functools.lru_cache(maxsize=16_384)
def parse(text: str) -> Expression:
    """The tree of a formula or name. Its text is the same as the input.

    >>> parse("a - b * c")
    Infix(operators=('-',), operands=(Name(name='a'), Infix(operators=('*',), operands=(Name(name='b'), Name(name='c')))))
    >>> parse("dL/dh#2 via exp(z)").operands
    (Derivative(of=Name(name='h#2'), loss='L'), FunctionCall(function='exp', arguments=(Name(name='z'),), options=()))
    >>> parse("a  b")
    Opaque(pieces=('a  b',))
    """
    try:
        tree = Parser(text).parse()
    except ParseError:
        return Opaque((text,))
    return tree if tree.text == text else Opaque((text,))


def formula(text: str, inputs: Sequence[int | Literal], expression_of: Callable[[int], Expression]) -> Expression:
    """The formula of a node with its inputs substituted."""
    return parse_template(text).substitute([literal(x) if isinstance(x, Literal) else expression_of(x) for x in inputs])


def literal(constant: Literal) -> Expression:
    """The expression of a number in the user's code."""
    return number(repr(constant.value))


def short_expression(id: int, computed: Expression) -> Expression:
    """The label of an unnamed node: its expression if short, else its number.

    >>> [short_expression(7, parse(text)).text for text in ("x @ W1", "x + " * 20 + "y", "")]
    ['x @ W1', '#7', '#7']
    """
    return computed if 0 < len(computed.text) <= MAX_LABEL_LENGTH else Name(f"#{id}")
