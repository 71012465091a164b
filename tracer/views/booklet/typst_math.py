r"""Prints a formula tree as typst mathematics.

Every name and every text goes in as a typst string, so nothing of a formula is ever taken for markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tracer.graph.expression import (
    ATOM,
    OPERATORS,
    POWER,
    PRODUCT,
    SUM,
    VIA,
    Brackets,
    Counted,
    Derivative,
    Expression,
    FunctionCall,
    Infix,
    Name,
    Number,
    Sign,
    Slice,
    Subscript,
    Text,
    Transpose,
)
from tracer.views.booklet.typst import literal

LONGEST_FORMULA = 120
"""Characters of a formula that is set as mathematics."""

_FRACTION = PRODUCT + 1
"""How tightly a fraction holds together: it needs no brackets in a product, and does as a base."""

_NAME = re.compile(r"(?P<stem>\w*?[^\W\d_])(?P<digits>[0-9]*)(?:_(?P<tail>[0-9]+|[^\W\d_][0-9]*))?(?P<new>_new)?")
_LETTER = re.compile("[A-Za-z\u03b1-\u03c9]")
_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "mu", "nu", "xi", "pi", "rho", "sigma", "tau",
    "phi", "chi", "psi", "omega",
}  # fmt: skip
_SYMBOLS = {
    "=": "=", "==": 'class("relation", "==")', "!=": "eq.not", "<": "<", "<=": "lt.eq", ">": ">", ">=": "gt.eq",
    "+": "+", "-": "-", "*": "dot.op", "@": "thin",
}  # fmt: skip


class _NotSetError(Exception):
    """An expression cannot be set as mathematics."""


class _Piece(NamedTuple):
    """Typst math, and how tightly it holds together."""

    source: str
    level: int = ATOM

    def within(self, least: int) -> str:
        """The source for a place that asks for so much: in brackets where it is too loose."""
        return self.source if self.level >= least else f"({self.source})"


def to_typst(formula: Expression) -> str | None:
    r"""The typst source of a formula, to stand between dollars; None where it is too long for a line or is no formula.

    >>> from tracer.graph.formula import parse
    >>> print(to_typst(parse("h1 = x @ W1 + b1")))
    h_1 = x thin W_1 + b_1
    >>> print(to_typst(parse("W1_new = W1 - learning_rate * dL/dW1")))
    W_1^"new" = W_1 - "learning_rate" dot.op (partial L)/(partial W_1)
    >>> print(to_typst(parse("a / (b + c)")))
    (a)/(b + c)
    >>> print(to_typst(parse("mean((y - target) ** 2)")))
    op("mean") ((y - "target")^(2))
    >>> print(to_typst(parse('#panic("no")')))
    None
    """
    try:
        return _set(formula).source if len(formula.text) <= LONGEST_FORMULA else None
    except _NotSetError:
        return None


def _set(tree: Expression) -> _Piece:
    """The math of an expression."""
    match tree:
        case Name("..."):
            return _Piece("dots.h")
        case Name(name):
            return _name(name)
        case Number(digits):
            return _number(digits)
        case Text(content):
            return _Piece(literal(content[1:-1] if content[0] in "'\"" else content))
        case Infix():
            return _infix(tree.operators, [_set(operand) for operand in tree.operands])
        case Sign(sign, operand):
            return _Piece(f"{sign}{_set(operand).within(PRODUCT)}", SUM)
        case Transpose(array):
            return _Piece(f'{_set(array).within(ATOM)}^upright("T")', POWER)
        case FunctionCall():
            return _call(tree)
        case Derivative(of):
            return _fraction("partial L", f"partial {_apart(_set(of).within(ATOM))}")
        case Counted(of, count):
            source, level = _set(of)
            return _Piece(source + literal(f"#{count}"), level)
        case Subscript(array, index):
            return _Piece(f"{_set(array).within(ATOM)}[{_list(index)}]")
        case Slice(ends):
            return _Piece('":"'.join(_set(end).source if end else "" for end in ends))
        case Brackets(is_list, items):
            one = "," if len(items) == 1 else ""
            return _Piece(f"[{_list(items)}]" if is_list else f"({_list(items)}{one})")
    raise _NotSetError


def _list(items: Sequence[Expression]) -> str:
    return ", ".join(_set(item).source for item in items)


def _infix(operators: Sequence[str], operands: Sequence[_Piece]) -> _Piece:
    """Operands with their operators. What typst puts above, below or beside the others needs no brackets there."""
    level, first, rest = OPERATORS[operators[0]]
    row, least = operands[0], first
    for operator, operand in zip(operators, operands[1:]):
        if operator == "/":
            row = _fraction(row.source, operand.source)
        elif operator == "**":
            row = _Piece(f"{row.within(least)}^({operand.source})", level)
        elif operator == "via":
            row = _Piece(f'{row.within(least)} med script("via "{operand.within(first)})', level)
        else:
            row = _Piece(f"{row.within(least)} {_SYMBOLS[operator]} {operand.within(rest)}", level)
        least = level  # what already stands in the row
    return row


def _call(call: FunctionCall) -> _Piece:
    """A function by its name, its options below it; some have a notation of their own."""
    match call:
        case FunctionCall("sqrt" | "abs" as function, (value,), ()):
            return _Piece(f"{function}({_set(value).source})")
        case FunctionCall("square", (value,), ()):
            return _Piece(f"{_set(value).within(ATOM)}^2", POWER)
        case FunctionCall("where", (condition, then, other), ()):
            first, second = _set(then).source, _set(other).source
            return _Piece(f'cases({first} & quad "if" {_set(condition).source}, {second} & quad "otherwise")', VIA)
    options = ", ".join(name if value == Name("True") else f"{name}={value.text}" for name, value in call.options)
    name = f"op({literal(call.function)})" + (f"_{literal(options)}" if options else "")
    return _Piece(f"{name} ({_list(call.arguments)})")


def _fraction(above: str, below: str) -> _Piece:
    return _Piece(f"({above})/({below})", _FRACTION)


def _apart(source: str) -> str:
    """What stands behind a sign: a text a little away from it."""
    return f"thin {source}" if source.startswith('"') else source


def _name(name: str) -> _Piece:
    """A name: one letter is italic, more are upright; what is counted or made anew says so beside it.

    >>> print(_name("W1").source, _name("w").source, _name("beta2").source, _name("learning_rate").source)
    W_1 w beta_2 "learning_rate"
    >>> print(_name("m_W1_new").source, _name("layer1").source, _name("h1#2").source, _name("#12").source)
    m_(W_1)^"new" "layer"_1 h_1"#2" "#12"
    """
    name, mark, count = name.partition("#")
    again = literal(f"#{count}") if mark else ""
    parts = _NAME.fullmatch(name)
    if parts is None:
        return _Piece((literal(name) if name else "") + again)
    digits, tail = parts["digits"], parts["tail"]
    below = [digits] if digits else []
    if tail:
        below.append(tail if tail.isdecimal() else _name(tail).source)
    source = _letters(parts["stem"])
    if below:
        source += f"_{below[0]}" if len(below) == 1 and below[0].isdecimal() else f"_({', '.join(below)})"
    return _Piece(source + ('^"new"' if parts["new"] else "") + again, POWER if parts["new"] else ATOM)


def _letters(stem: str) -> str:
    """One letter, Greek ones by their names, as typst sets it in italics; more as a text."""
    return stem if stem in _GREEK or _LETTER.fullmatch(stem) else literal(stem)


def _number(text: str) -> _Piece:
    """A number as it is printed; a power of ten as one.

    >>> _number("0.5").source, _number("1e-05").source, _number("2.5e+16").source, _number("inf").source
    ('0.5', '10^(-5)', '2.5 times 10^(16)', '"inf"')
    """
    mantissa, exponential, exponent = text.partition("e")
    if not mantissa[:1].isdigit():
        return _Piece(literal(text))
    if not exponential:
        return _Piece(text)
    return _Piece(("" if mantissa == "1" else f"{mantissa} times ") + f"10^({int(exponent)})", POWER)
