r"""Prints a formula tree as typst mathematics.

Names and texts become typst string literals, so that nothing in a formula is interpreted as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tracer.graph.expression import (
    ATOM,
    OPERATORS,
    POWER,
    PRODUCT,
    SUM,
    VIA,
    Attribute,
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
from tracer.views.typesetting import COMPLEX_PARTS, FRACTION, NameParts, name_parts, number_parts

MAX_FORMULA_LENGTH = 120
"""Maximum length of a formula that is typeset as mathematics."""

_SYMBOLS = {
    "=": "=", "==": 'class("relation", "==")', "!=": "eq.not", "<": "<", "<=": "lt.eq", ">": ">", ">=": "gt.eq",
    "+": "+", "-": "-", "*": "dot.op", "@": "thin",
}  # fmt: skip


class _NotMathError(Exception):
    """An expression cannot be typeset as mathematics."""


class _Piece(NamedTuple):
    """Typst math source with its precedence."""

    source: str
    precedence: int = ATOM

    def bracketed(self, minimum: int) -> str:
        """The source, in brackets if its precedence is below `minimum`."""
        return self.source if self.precedence >= minimum else f"({self.source})"


def to_typst(formula: Expression) -> str | None:
    r"""The typst math source of a formula; None if it is too long or cannot be typeset.

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
        return _typeset(formula).source if len(formula.text) <= MAX_FORMULA_LENGTH else None
    except _NotMathError:
        return None


def _typeset(tree: Expression) -> _Piece:
    """Typeset an expression."""
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
            return _infix(tree.operators, [_typeset(operand) for operand in tree.operands])
        case Sign(sign, operand):
            return _Piece(f"{sign}{_typeset(operand).bracketed(PRODUCT)}", SUM)
        case Transpose(array):
            return _Piece(f'{_typeset(array).bracketed(ATOM)}^upright("T")', POWER)
        case FunctionCall():
            return _call(tree)
        case Derivative(of, loss):
            return _fraction(f"partial {_spaced(_name(loss).source)}", f"partial {_spaced(_typeset(of).bracketed(ATOM))}")
        case Counted(of, count):
            source, precedence = _typeset(of)
            return _Piece(source + literal(f"#{count}"), precedence)
        case Subscript(array, index):
            return _Piece(f"{_typeset(array).bracketed(ATOM)}[{_list(index)}]")
        case Attribute(of, name):
            return _Piece(f'{_typeset(of).bracketed(ATOM)}"."{_name(name).source}', _name(name).precedence)
        case Slice(ends):
            return _Piece('":"'.join(_typeset(end).source if end else "" for end in ends))
        case Brackets(is_list, items):
            one = "," if len(items) == 1 else ""
            return _Piece(f"[{_list(items)}]" if is_list else f"({_list(items)}{one})")
    raise _NotMathError


def _list(items: Sequence[Expression]) -> str:
    return ", ".join(_typeset(item).source for item in items)


def _infix(operators: Sequence[str], operands: Sequence[_Piece]) -> _Piece:
    """Operands with their operators. Fractions and exponents need no brackets: typst shows the grouping."""
    precedence, first, rest = OPERATORS[operators[0]]
    row, least = operands[0], first
    for operator, operand in zip(operators, operands[1:]):
        if operator == "/":
            row = _fraction(row.source, operand.source)
        elif operator == "**":
            row = _Piece(f"{row.bracketed(least)}^({operand.source})", precedence)
        elif operator == "via":
            row = _Piece(f'{row.bracketed(least)} med script("via "{operand.bracketed(first)})', precedence)
        else:
            row = _Piece(f"{row.bracketed(least)} {_SYMBOLS[operator]} {operand.bracketed(rest)}", precedence)
        least = precedence  # the row so far is an operand of the next operator
    return row


def _call(call: FunctionCall) -> _Piece:
    """A function by name, with its options as a subscript; some functions have their own notation."""
    match call:
        case FunctionCall("sqrt" | "abs" | "floor" | "ceil" as function, (value,), ()):
            return _Piece(f"{function}({_typeset(value).source})")
        case FunctionCall("cbrt", (value,), ()):
            return _Piece(f"root(3, {_typeset(value).source})")
        case FunctionCall("conj", (value,), ()):
            return _Piece(f"overline({_typeset(value).source})")
        case FunctionCall("real" | "imag" as function, (value,), ()):
            return _Piece(f'op("{COMPLEX_PARTS[function]}") ({_typeset(value).source})')
        case FunctionCall("logical_not", (value,), ()):
            return _Piece(f"not {_typeset(value).bracketed(PRODUCT)}", PRODUCT)
        case FunctionCall("norm" | "vector_norm" | "matrix_norm", (value,), options):
            return _Piece(f"norm({_typeset(value).source}){_order(options)}")
        case FunctionCall("inv" | "pinv" as function, (matrix,), ()):
            return _power(matrix, "-1" if function == "inv" else "+")
        case FunctionCall("matrix_power", (matrix, exponent), ()):
            return _power(matrix, _typeset(exponent).source)
        case FunctionCall("solve", (matrix, right), ()):
            return _infix("@", [_power(matrix, "-1"), _typeset(right)])
        case FunctionCall("kron", (one, other), ()):
            factors = [_typeset(each).bracketed(FRACTION) for each in (one, other)]
            return _Piece(" times.o ".join(factors), SUM)  # in brackets within a product
        case FunctionCall("square", (value,), ()):
            return _Piece(f"{_typeset(value).bracketed(ATOM)}^2", POWER)
        case FunctionCall("where", (condition, then, other), ()):
            first, second = _typeset(then).source, _typeset(other).source
            return _Piece(f'cases({first} & quad "if" {_typeset(condition).source}, {second} & quad "otherwise")', VIA)
    return _Piece(f"op({literal(call.function)}){_options(call.options)} ({_list(call.arguments)})")


def _options(options: Sequence[tuple[str, Expression]]) -> str:
    """Options as a subscript; empty if there are none."""
    text = ", ".join(name if value == Name("True") else f"{name}={value.text}" for name, value in options)
    return f"_{literal(text)}" if text else ""


def _order(options: Sequence[tuple[str, Expression]]) -> str:
    """The options of a norm: its order alone is written without its name."""
    match options:
        case (("ord", Number(digits)),):
            return f"_({_number(digits).source})"
    return _options(options)


def _power(base: Expression, exponent: str) -> _Piece:
    """A matrix to a power. The base is in brackets if it has an exponent itself."""
    return _Piece(f"{_typeset(base).bracketed(ATOM)}^({exponent})", POWER)


def _fraction(above: str, below: str) -> _Piece:
    return _Piece(f"({above})/({below})", FRACTION)


def _spaced(source: str) -> str:
    """A term after a symbol, separated by a thin space if it is text."""
    return f"thin {source}" if source.startswith('"') else source


def _name(name: str) -> _Piece:
    """A name: one letter is italic, several are upright. Digits become a subscript, `_new` a superscript.

    >>> print(_name("W1").source, _name("w").source, _name("beta2").source, _name("learning_rate").source)
    W_1 w beta_2 "learning_rate"
    >>> print(_name("m_W1_new").source, _name("layer1").source, _name("h1#2").source, _name("#12").source)
    m_(W_1)^"new" "layer"_1 h_1"#2" "#12"
    """
    parts = name_parts(name)
    again = literal(parts.mark) if parts.mark else ""
    below = [each if each.isdecimal() else _name(each).source for each in parts.below]
    source = _letters(parts) if parts.stem else ""
    if below:
        source += f"_{below[0]}" if len(below) == 1 and below[0].isdecimal() else f"_({', '.join(below)})"
    return _Piece(source + ('^"new"' if parts.is_new else "") + again, POWER if parts.is_new else ATOM)


def _letters(parts: NameParts) -> str:
    """A single letter, or the name of a Greek one, which typst sets in italics; otherwise text."""
    return parts.stem if parts.is_letter else literal(parts.stem)


def _number(text: str) -> _Piece:
    """A number; an exponent becomes a power of ten.

    >>> _number("0.5").source, _number("1e-05").source, _number("2.5e+16").source, _number("inf").source
    ('0.5', '10^(-5)', '2.5 times 10^(16)', '"inf"')
    >>> _number("0.5j").source
    '0.5 "j"'
    """
    mantissa, exponent, is_imaginary = number_parts(text)
    if not mantissa[:1].isdigit():
        return _Piece(literal(text))
    number = _Piece(mantissa)
    if exponent:
        number = _Piece(("" if mantissa == "1" else f"{mantissa} times ") + f"10^({exponent})", POWER)
    return _Piece(f'{number.bracketed(PRODUCT)} "j"', PRODUCT) if is_imaginary else number
