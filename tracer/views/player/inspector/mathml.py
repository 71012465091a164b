"""Prints a formula tree as MathML Core, which browsers set without a font or a script of the page's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer.graph.expression import (
    ATOM,
    OPERATORS,
    PRODUCT,
    SUM,
    VIA,
    Attribute,
    Brackets,
    Counted,
    Derivative,
    Element,
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
from tracer.views.player.inspector.mathml_elements import (
    MINUS,
    SPACE,
    Elements,
    Piece,
    below,
    fenced,
    fraction,
    identifier,
    joined,
    listed,
    named,
    number,
    one,
    operator,
    power,
    text,
    tight,
)
from tracer.views.typesetting import COMPLEX_PARTS, FRACTION

MAX_FORMULA_LENGTH = 400
"""Maximum length of a formula that is typeset."""

MAX_LINE = 36
"""Maximum length of a formula that is one line; of a longer one, a line can end after each term or argument."""

MAX_BELOW = 16
"""Maximum length of options that stand below the name of a function; longer ones are among the arguments."""

_SYMBOLS = {
    "!=": "\u2260",
    "<=": "\u2264",
    ">=": "\u2265",
    "-": MINUS,
    "*": "\u22c5",
}
_FENCES = {"abs": "||", "floor": "\u230a\u230b", "ceil": "\u2308\u2309"}
_NORMS = ("norm", "vector_norm", "matrix_norm")


class _NotMathError(Exception):
    """An expression cannot be typeset as mathematics."""


def to_mathml(formula: Expression) -> str | None:
    r"""A formula as `math` elements, between which a line can end; None if it is too long or cannot be typeset.

    >>> from tracer.graph.formula import parse
    >>> print(to_mathml(parse("a / b ** 2")))
    <math><mfrac><mi>a</mi><msup><mi>b</mi><mn>2</mn></msup></mfrac></math>
    >>> print(to_mathml(parse("'<b>'")))
    <math><mtext>&lt;b&gt;</mtext></math>
    >>> print(to_mathml(parse('#panic("no")')))
    None
    """
    if len(formula.text) > MAX_FORMULA_LENGTH:
        return None
    try:
        return " ".join(f"<math>{''.join(line)}</math>" for line in _lines(formula))
    except _NotMathError:
        return None


def _lines(tree: Expression) -> Iterator[Elements]:
    """What stands together. A long equation can be broken after `=`, a long sum before a term, a long call after an argument."""
    is_long = len(tree.text) > MAX_LINE
    match tree:
        case Infix(("=",), (name, value)) if is_long:
            yield (*_typeset(name).bracketed(VIA), *operator("="))
            yield from _lines(value)
        case Infix(operators, (first, *others)) if is_long and tree.precedence == SUM:
            yield _typeset(first).bracketed(SUM)
            for sign, other in zip(operators, others, strict=True):
                yield (*_operator(sign), *_typeset(other).bracketed(PRODUCT))
        case FunctionCall(function, arguments, options) if is_long and (arguments or options) and _notation(tree) is None:
            head, more = _head(function, options)
            pieces = [*(_typeset(each).elements for each in arguments), *more]
            for at, piece in enumerate(pieces):
                start = () if at else (*head, *operator("(", "prefix"))
                yield (*start, *piece, *(("<mo>,</mo>",) if at + 1 < len(pieces) else operator(")", "postfix")))
        case _:
            yield _typeset(tree).elements


def _typeset(tree: Expression) -> Piece:
    """Typeset an expression."""
    match tree:
        case Name("..."):
            return Piece(identifier("\u2026"))
        case Name(name):
            return named(name)
        case Number(digits):
            return number(digits)
        case Text(content):
            return Piece(text(content[1:-1] if content[:1] in ("'", '"') else content))
        case Infix():
            return _infix(tree.operators, [_typeset(operand) for operand in tree.operands])
        case Sign(sign, operand):
            return Piece((*operator(_SYMBOLS.get(sign, sign), "prefix"), *_typeset(operand).bracketed(PRODUCT)), SUM)
        case Transpose(array):
            return power(_atom(array), ('<mi mathvariant="normal">T</mi>',))
        case FunctionCall():
            return _call(tree)
        case Derivative(of, loss):
            return fraction(_partial(named(loss).elements), _partial(_atom(of)))
        case Counted(of, count):
            elements, precedence = _typeset(of)
            return Piece((*elements, *text(f"#{count}")), precedence)
        case Subscript(array, index):
            return Piece((*_atom(array), *fenced(_list(index), "[]")))
        case Element(array, places):
            return Piece((*_atom(array), *fenced(listed([(f"<mn>{each}</mn>",) for each in places]), "[]")))
        case Attribute(of, name):
            elements, precedence = named(name)
            return Piece((*_atom(of), *tight("."), *elements), precedence)
        case Slice(ends):
            return Piece(joined([_typeset(end).elements if end else () for end in ends], tight(":")))
        case Brackets(is_list, items):
            comma = ("<mo>,</mo>",) if len(items) == 1 and not is_list else ()
            return Piece(fenced((*_list(items), *comma), "[]" if is_list else "()"))
    raise _NotMathError


def _atom(tree: Expression) -> Elements:
    return _typeset(tree).bracketed(ATOM)


def _list(items: Sequence[Expression]) -> Elements:
    return listed([_typeset(item).elements for item in items])


def _infix(operators: Sequence[str], operands: Sequence[Piece]) -> Piece:
    """Operands with their operators. Fractions and exponents need no brackets: their place shows the grouping."""
    precedence, first, rest = OPERATORS[operators[0]]
    row, least = operands[0], first
    for sign, operand in zip(operators, operands[1:]):
        if sign == "/":
            row = fraction(row.elements, operand.elements)
        elif sign == "**":
            row = power(row.bracketed(least), operand.elements)
        elif sign == "via":
            note = f'<mstyle scriptlevel="1">{"".join((*text("via"), *SPACE, *operand.bracketed(first)))}</mstyle>'
            row = Piece((*row.bracketed(least), *SPACE, note), precedence)
        else:
            row = Piece((*row.bracketed(least), *_operator(sign), *operand.bracketed(rest)), precedence)
        least = precedence  # the row so far is an operand of the next operator
    return row


def _operator(sign: str) -> Elements:
    return SPACE if sign == "@" else operator(_SYMBOLS.get(sign, sign))


def _call(call: FunctionCall) -> Piece:
    """A function by name, with short options below it; some functions have their own notation."""
    found = _notation(call)
    if found is not None:
        return found
    name, options = _head(call.function, call.options)
    return Piece((*name, *fenced(listed([*(_typeset(each).elements for each in call.arguments), *options]))))


def _notation(call: FunctionCall) -> Piece | None:
    """A function that is not written by its name; None for one that is."""
    match call:
        case FunctionCall("sqrt", (value,), ()):
            return Piece((f"<msqrt>{one(_typeset(value).elements)}</msqrt>",))
        case FunctionCall("cbrt", (value,), ()):
            return Piece((f"<mroot>{one(_typeset(value).elements)}<mn>3</mn></mroot>",))
        case FunctionCall("abs" | "floor" | "ceil" as function, (value,), ()):
            return Piece(fenced(_typeset(value).elements, _FENCES[function]))
        case FunctionCall("conj", (value,), ()):
            return Piece((f'<mover>{one(_typeset(value).elements)}<mo stretchy="true">\u00af</mo></mover>',))
        case FunctionCall("real" | "imag" as function, (value,), ()):
            return Piece((*identifier(COMPLEX_PARTS[function]), *fenced(_typeset(value).elements)))
        case FunctionCall("logical_not", (value,), ()):
            return Piece((*operator("\u00ac", "prefix"), *_typeset(value).bracketed(PRODUCT)), PRODUCT)
        case FunctionCall(function, (value,), options) if function in _NORMS:
            norm, order = fenced(_typeset(value).elements, "\u2016\u2016"), _order(options)
            return Piece(below(norm, order) if order else norm)
        case FunctionCall("inv" | "pinv" as function, (matrix,), ()):
            return power(_atom(matrix), (f"<mn>{MINUS}1</mn>",) if function == "inv" else operator("+", "prefix"))
        case FunctionCall("matrix_power", (matrix, exponent), ()):
            return power(_atom(matrix), _typeset(exponent).elements)
        case FunctionCall("solve", (matrix, right), ()):
            return _infix("@", [power(_atom(matrix), (f"<mn>{MINUS}1</mn>",)), _typeset(right)])
        case FunctionCall("kron", (factor, other), ()):
            factors = [_typeset(each).bracketed(FRACTION) for each in (factor, other)]
            return Piece(joined(factors, operator("\u2297")), SUM)  # in brackets within a product
        case FunctionCall("square", (value,), ()):
            return power(_atom(value), ("<mn>2</mn>",))
        case FunctionCall("where", (condition, then, other), ()):
            when = (*text("if"), *SPACE, *_typeset(condition).elements)
            rows = [(then, when), (other, text("otherwise"))]
            table = "".join(
                f"<mtr><mtd>{one(_typeset(value).elements)}</mtd><mtd>{one(note)}</mtd></mtr>" for value, note in rows
            )
            return Piece((one((*operator("{", "prefix"), f"<mtable>{table}</mtable>")),), VIA)
    return None


def _head(function: str, options: Sequence[tuple[str, Expression]]) -> tuple[Elements, list[Elements]]:
    """The name of a function, with options below it if they are short, and the options that are among the arguments."""
    name = identifier(function)
    written = ", ".join(each if value == Name("True") else f"{each}={value.text}" for each, value in options)
    if written and len(written) <= MAX_BELOW:
        return below(name, text(written)), []
    return name, [(*text(each), *operator("="), *_typeset(value).elements) for each, value in options]


def _order(options: Sequence[tuple[str, Expression]]) -> Elements:
    """The options of a norm: its order alone is written without its name."""
    match options:
        case (("ord", Number(digits)),):
            return number(digits).elements
    return text(", ".join(f"{name}={value.text}" for name, value in options)) if options else ()


def _partial(of: Elements) -> Elements:
    return ('<mi mathvariant="normal">\u2202</mi>', *of)
