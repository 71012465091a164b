r"""Formulas as mathematics: from `h1 = x @ W1 + b1` to what typst sets between dollars.

A formula is read as a Python expression, once what is no Python in it (`dL/dW1`, `h#2`, `via`) has become such. Every name and
every text goes in as a typst string, so nothing of a formula is ever taken for markup. What cannot be read, or is too long
to be set on a line, stands there as it is, in type of one width.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple, NoReturn

from tracer.views.booklet.typst import literal

LONGEST_FORMULA = 120
"""Characters of a formula that is set as mathematics."""

_VIA, _COMPARISON, _SUM, _PRODUCT, _FRACTION, _POWER, _ATOM = range(7)
"""How tightly something holds together. A fraction needs no brackets in a product, and does as a base."""

_MARK = "ǂ"
"""A letter of identifiers that takes the place of `#`; a formula that has it already is not set as mathematics."""

_DERIVATIVE, _ARRAY = f"{_MARK}d", f"{_MARK}array"
_NO_PYTHON = re.compile(
    r"""'[^']*' | "[^"]*"                                   # a text stays as it is
    | (?<!\w) dL/d (?: (?P<of>\w+(?:\#\d+)?|\#\d+) | (?=\() )   # dL/dW1, dL/dh#2, dL/d(x @ W1)
    | \[ (?P<shape>\d+(?:x\d+)*) [ ] array \]
    | (?P<via> [ ]via[ ] )
    | (?<=[)\]]) \# (?P<again>\d+)                           # the second of an expression: dL/d(x @ W1)#2
    | \# (?P<number>\d+)                                     # the second of a name: h#2; a number for a name: #12
    | (?P<other> \# | \bor\b )
    """,
    re.VERBOSE,
)
_NAME = re.compile(r"(?P<stem>\w*?[^\W\d_])(?P<digits>[0-9]*)(?:_(?P<tail>[0-9]+|[^\W\d_][0-9]*))?(?P<new>_new)?")
_LETTER = re.compile("[A-Za-z\u03b1-\u03c9]")
_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "mu", "nu", "xi", "pi", "rho", "sigma", "tau",
    "phi", "chi", "psi", "omega",
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "lt.eq", ast.Gt: ">", ast.GtE: "gt.eq", ast.NotEq: "eq.not", ast.Eq: 'class("relation", "==")',
}  # fmt: skip


class _NotSetError(Exception):
    """A text is no formula that can be set as mathematics."""


class _Piece(NamedTuple):
    """Typst math, and how tightly it holds together."""

    source: str
    level: int = _ATOM

    def within(self, least: int) -> str:
        """The source for a place that asks for so much: in brackets where it is too loose."""
        return self.source if self.level >= least else f"({self.source})"


def math_of(text: str) -> str:
    r"""The typst source of a formula, to stand between dollars.

    >>> print(math_of("h1 = x @ W1 + b1"))
    h_1 = x thin W_1 + b_1
    >>> print(math_of("W1_new = W1 - learning_rate * dL/dW1"))
    W_1^"new" = W_1 - "learning_rate" dot.op (partial L)/(partial W_1)
    >>> print(math_of("a / (b + c)"))
    (a)/(b + c)
    >>> print(math_of("mean((y - target) ** 2)"))
    op("mean") ((y - "target")^(2))
    >>> print(math_of('#panic("no")'))
    #text(font: "DejaVu Sans Mono", "#panic(\"no\")")
    """
    try:
        if len(text) > LONGEST_FORMULA:
            raise _NotSetError
        return " = ".join(_side(side) for side in text.split(" = "))
    except _NotSetError:
        return f'#text(font: "DejaVu Sans Mono", {literal(text)})'


def _side(text: str) -> str:
    """The math of what stands on one side of an equals sign."""
    if _MARK in text or "\\" in text:
        raise _NotSetError
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names such as `1or`, which are no mistakes of the code that is running
            tree = ast.parse(_NO_PYTHON.sub(_as_python, text.strip()), mode="eval")
        return _Math().of(tree.body).source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _NotSetError from None


def _as_python(found: re.Match[str]) -> str:
    """What no Python knows, as Python; texts are left alone.

    >>> print(_NO_PYTHON.sub(_as_python, "dL/dh#2 via exp(#7) + dL/d(x @ W)#3 + '#4' + [2x2 array]"))
    ǂd(hǂ2) or exp(ǂ7) + ǂd(x @ W).ǂ3 + '#4' + ǂarrayǂ2x2
    """
    if found["other"]:
        raise _NotSetError
    if found["via"]:
        return " or "
    if found["shape"]:
        return f"{_ARRAY}{_MARK}{found['shape']}"
    if found["again"]:
        return f".{_MARK}{found['again']}"
    if found["number"]:
        return f"{_MARK}{found['number']}"
    if found["of"]:
        return f"{_DERIVATIVE}({found['of'].replace('#', _MARK)})"
    return _DERIVATIVE if found[0] == "dL/d" else found[0]


class _Math(ast.NodeVisitor):
    """Typst math of an expression, a method for every construct; what has no method is no formula."""

    def of(self, node: ast.AST) -> _Piece:
        """The math of an expression."""
        piece = self.visit(node)
        assert isinstance(piece, _Piece)
        return piece

    def generic_visit(self, node: ast.AST) -> NoReturn:
        raise _NotSetError

    def _list(self, nodes: list[ast.expr]) -> str:
        return ", ".join(self.of(node).source for node in nodes)

    def visit_Name(self, node: ast.Name) -> _Piece:
        if node.id.startswith(_ARRAY):
            return _Piece(literal(f"[{node.id.rpartition(_MARK)[2]} array]"))
        return _name(node.id)

    def visit_Constant(self, node: ast.Constant) -> _Piece:
        if node.value is ...:
            return _Piece("dots.h")
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return _number(repr(node.value))
        if isinstance(node.value, (bool, str, complex)) or node.value is None:
            return _Piece(literal(str(node.value)))
        raise _NotSetError

    def visit_BinOp(self, node: ast.BinOp) -> _Piece:
        left, right = self.of(node.left), self.of(node.right)
        match node.op:
            case ast.Add():
                return _Piece(f"{left.within(_SUM)} + {right.within(_PRODUCT)}", _SUM)
            case ast.Sub():
                return _Piece(f"{left.within(_SUM)} - {right.within(_PRODUCT)}", _SUM)
            case ast.Mult():
                return _Piece(f"{left.within(_PRODUCT)} dot.op {right.within(_FRACTION)}", _PRODUCT)
            case ast.MatMult():
                return _Piece(f"{left.within(_PRODUCT)} thin {right.within(_FRACTION)}", _PRODUCT)
            case ast.Div():
                return _fraction(left.source, right.source)
            case ast.Pow():
                return _Piece(f"{left.within(_ATOM)}^({right.source})", _POWER)
        raise _NotSetError

    def visit_UnaryOp(self, node: ast.UnaryOp) -> _Piece:
        if isinstance(node.op, (ast.USub, ast.UAdd)):
            return _Piece(f"{'-' if isinstance(node.op, ast.USub) else '+'}{self.of(node.operand).within(_PRODUCT)}", _SUM)
        raise _NotSetError

    def visit_Compare(self, node: ast.Compare) -> _Piece:
        source = self.of(node.left).within(_SUM)
        for operator, right in zip(node.ops, node.comparators):
            if type(operator) not in _COMPARISONS:
                raise _NotSetError
            source += f" {_COMPARISONS[type(operator)]} {self.of(right).within(_SUM)}"
        return _Piece(source, _COMPARISON)

    def visit_BoolOp(self, node: ast.BoolOp) -> _Piece:
        """A part of a gradient: `dL/dw via square(w)` has become `or`."""
        if not isinstance(node.op, ast.Or):
            raise _NotSetError
        first, *notes = [self.of(value).within(_COMPARISON) for value in node.values]
        return _Piece(" ".join([first, *(f'med script("via "{note})' for note in notes)]), _VIA)

    def visit_Call(self, node: ast.Call) -> _Piece:
        if isinstance(node.func, ast.Name):
            special = getattr(self, f"_{node.func.id}", None) if node.func.id in _SPECIAL else None
            if node.func.id == _DERIVATIVE and len(node.args) == 1 and not node.keywords:
                return _fraction("partial L", f"partial {_apart(self.of(node.args[0]).within(_ATOM))}")
            if special is not None and len(node.args) == _SPECIAL[node.func.id] and not node.keywords:
                piece = special(*node.args)
                assert isinstance(piece, _Piece)
                return piece
        elif not isinstance(node.func, ast.Attribute):
            raise _NotSetError
        options = ", ".join(map(self._option, node.keywords))
        name = f"op({literal(_dotted(node.func))})" + (f"_{literal(options)}" if options else "")
        return _Piece(f"{name} ({self._list(node.args)})")

    def _option(self, keyword: ast.keyword) -> str:
        """An option as it is written; of one that is merely on, its name."""
        if keyword.arg is None:
            raise _NotSetError
        value = ast.unparse(keyword.value).replace(_MARK, "#")
        return keyword.arg if value == "True" else f"{keyword.arg}={value}"

    def _sqrt(self, value: ast.expr) -> _Piece:
        return _Piece(f"sqrt({self.of(value).source})")

    def _abs(self, value: ast.expr) -> _Piece:
        return _Piece(f"abs({self.of(value).source})")

    def _square(self, value: ast.expr) -> _Piece:
        return _Piece(f"{self.of(value).within(_ATOM)}^2", _POWER)

    def _where(self, condition: ast.expr, then: ast.expr, other: ast.expr) -> _Piece:
        first, second = self.of(then).source, self.of(other).source
        return _Piece(f'cases({first} & quad "if" {self.of(condition).source}, {second} & quad "otherwise")', _VIA)

    def visit_Attribute(self, node: ast.Attribute) -> _Piece:
        if node.attr.startswith(_MARK):
            base = self.of(node.value)
            return _Piece(base.source + literal(node.attr.replace(_MARK, "#")), base.level)
        if node.attr == "T":
            return _Piece(f'{self.of(node.value).within(_ATOM)}^upright("T")', _POWER)
        return _Piece(literal(_dotted(node)))

    def visit_Subscript(self, node: ast.Subscript) -> _Piece:
        index = node.slice
        inner = self._list(index.elts) if isinstance(index, ast.Tuple) and index.elts else self.of(index).source
        return _Piece(f"{self.of(node.value).within(_ATOM)}[{inner}]")

    def visit_Slice(self, node: ast.Slice) -> _Piece:
        lower, upper, step = (self.of(end).source if end else "" for end in (node.lower, node.upper, node.step))
        return _Piece(f'{lower}":"{upper}' + (f'":"{step}' if step else ""))

    def visit_Tuple(self, node: ast.Tuple) -> _Piece:
        return _Piece(f"({self._list(node.elts)}{',' if len(node.elts) == 1 else ''})")

    def visit_List(self, node: ast.List) -> _Piece:
        return _Piece(f"[{self._list(node.elts)}]")


_SPECIAL = {"sqrt": 1, "abs": 1, "square": 1, "where": 3}
"""Functions that have a notation of their own, and how many arguments it takes."""


def _fraction(above: str, below: str) -> _Piece:
    return _Piece(f"({above})/({below})", _FRACTION)


def _apart(source: str) -> str:
    """What stands behind a sign: a text a little away from it."""
    return f"thin {source}" if source.startswith('"') else source


def _dotted(node: ast.expr) -> str:
    """A name, or names joined by dots, as text."""
    if isinstance(node, ast.Name):
        return node.id.replace(_MARK, "#")
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    raise _NotSetError


def _name(name: str) -> _Piece:
    """A name: one letter is italic, more are upright; what is counted or made anew says so beside it.

    >>> print(_name("W1").source, _name("w").source, _name("beta2").source, _name("learning_rate").source)
    W_1 w beta_2 "learning_rate"
    >>> print(_name("m_W1_new").source, _name("layer1").source, _name("h1ǂ2").source, _name("ǂ12").source)
    m_(W_1)^"new" "layer"_1 h_1"#2" "#12"
    """
    name, mark, count = name.partition(_MARK)
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
    return _Piece(source + ('^"new"' if parts["new"] else "") + again, _POWER if parts["new"] else _ATOM)


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
    return _Piece(("" if mantissa == "1" else f"{mantissa} times ") + f"10^({int(exponent)})", _POWER)
