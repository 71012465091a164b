"""Parses formulas: the templates that operations declare, and the names in a record.

The formula of a recorded operation is a template such as `{0} @ {1}`, into which the expressions of its inputs are put.
A text that is no formula stays as it is.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from tracer.graph.expression import (
    EQUATION,
    OPERATORS,
    POWER,
    VIA,
    Brackets,
    Counted,
    Derivative,
    Expression,
    FunctionCall,
    Infix,
    Name,
    Number,
    Opaque,
    Sign,
    Slice,
    Slot,
    Subscript,
    Text,
    Transpose,
    number,
)
from tracer.graph.record import Literal

LONGEST_LABEL = 48
"""Maximum length of an expression used as the label of an unnamed node; beyond it, the label is the node's number."""

LONGEST = 2_000
"""Characters of a text that is read as a formula."""

DEEPEST = 20
"""Expressions within each other in a text that is read as a formula: filled into each other a few times, they can be printed."""

_SLOT = re.compile(r"(\{\d+\})")
_TOKEN = re.compile(
    r"""[ ]*(?:
      (?P<text> '[^'\\]*' | "[^"\\]*" | \[ [0-9]+(?:x[0-9]+)* [ ] array \])
    | (?P<derivative> dL/d (?=[\w\#(]))                      # dL/dW1, dL/dh#2, dL/d(x @ W)
    | (?P<slot> \{[0-9]+\})
    | (?P<number> (?:[0-9]+\.?[0-9]*|\.[0-9]+) (?:e[+-]?[0-9]+)? j? (?!\w))
    | (?P<name> [^\W\d]\w*(?:\#[0-9]+)? | \#[0-9]+ | \.\.\.)   # h1, the second of a name h#2, a number for a name #12
    | (?P<symbol> \*\* | [<>=!]= | [-+*/@<>=()\[\],.:])
    | (?P<end> $)
    )""",
    re.VERBOSE,
)


class _NoFormulaError(Exception):
    """A text is no formula."""


@functools.lru_cache(maxsize=16_384)
def parse_template(text: str) -> Expression:
    """The formula of an operation, with slots for its inputs; printed in one spacing, whatever it was declared in.

    >>> a, b, c = map(Name, "abc")
    >>> product, difference = parse_template("{0} * {1}"), parse_template("{0}-{1}")
    >>> product.filled([difference.filled([a, b]), c]).text, difference.filled([a, difference.filled([b, c])]).text
    ('(a - b) * c', 'a - (b - c)')
    >>> power, minus = parse_template("{0} ** {1}"), parse_template("-{0}")
    >>> power.filled([number("-0.5"), a]).text, minus.filled([product.filled([a, b])]).text
    ('(-0.5) ** a', '-(a * b)')
    >>> parse_template("{0} of type {1}").filled([a, b]).text
    'a of type b'
    """
    try:
        return _Reader(text).whole()
    except _NoFormulaError:
        pieces = [Slot(int(piece[1:-1])) if _SLOT.fullmatch(piece) else piece for piece in _SLOT.split(text)]
        return Opaque(tuple(pieces))


@functools.lru_cache(maxsize=16_384)
def parse(text: str) -> Expression:
    """The tree of a formula or name, which has this text again.

    >>> parse("a - b * c")
    Infix(operators=('-',), operands=(Name(name='a'), Infix(operators=('*',), operands=(Name(name='b'), Name(name='c')))))
    >>> parse("dL/dh#2 via exp(z)").operands
    (Derivative(of=Name(name='h#2')), FunctionCall(function='exp', arguments=(Name(name='z'),), options=()))
    >>> parse("a  b")
    Opaque(pieces=('a  b',))
    """
    try:
        tree = _Reader(text).whole()
    except _NoFormulaError:
        return Opaque((text,))
    return tree if tree.text == text else Opaque((text,))


def formula(text: str, inputs: Sequence[int | Literal], expression_of: Callable[[int], Expression]) -> Expression:
    """The formula of a node with its inputs put in."""
    return parse_template(text).filled([literal(x) if isinstance(x, Literal) else expression_of(x) for x in inputs])


def literal(given: Literal) -> Expression:
    """A number of the user's code as it would be written there."""
    return number(repr(given.value))


def short_expression(id: int, computed: Expression) -> Expression:
    """The label of an unnamed node: its expression if that is short, else its number.

    >>> [short_expression(7, parse(text)).text for text in ("x @ W1", "x + " * 20 + "y", "")]
    ['x @ W1', '#7', '#7']
    """
    return computed if 0 < len(computed.text) <= LONGEST_LABEL else Name(f"#{id}")


class _Reader:
    """Reads a text from left to right, a construct a method. Everything else raises _NoFormulaError."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise _NoFormulaError
        self._tokens: list[tuple[str, str]] = []
        self._next = 0
        self._depth = 0
        self._suffixes = 0
        at, kind = 0, ""
        while kind != "end":
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise _NoFormulaError
            at, kind = found.end(), found.lastgroup
            self._tokens.append((kind, found[kind]))

    def whole(self) -> Expression:
        """The tree of the whole text."""
        tree = self._expression(EQUATION)
        if self._tokens[self._next][0] != "end":
            raise _NoFormulaError
        return tree

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._next]
        if token[0] == "end":
            raise _NoFormulaError
        self._next += 1
        return token

    def _takes(self, symbol: str) -> bool:
        """Whether this symbol comes next; then it is taken."""
        found = self._tokens[self._next][1] == symbol
        self._next += found
        return found

    def _expect(self, symbol: str) -> None:
        if not self._takes(symbol):
            raise _NoFormulaError

    def _expression(self, least: int) -> Expression:
        """An expression whose operators bind at least so tightly."""
        self._depth += 1
        if self._depth + self._suffixes > DEEPEST:
            raise _NoFormulaError
        kind, token = self._take()
        if kind == "symbol" and token in "+-":
            tree: Expression = Sign(token, self._expression(POWER))
        else:
            tree = self._followed(self._atom(kind, token))
        while (level := self._level()) >= least:
            operators, operands = [], [tree]
            while self._level() == level:
                operators.append(self._take()[1])
                operands.append(self._expression(POWER if level == POWER else level + 1))
            tree = Infix(tuple(operators), tuple(operands))
        self._depth -= 1
        return tree

    def _level(self) -> int:
        """How tightly the operator that comes next binds; -1 where none does."""
        operator = OPERATORS.get(self._tokens[self._next][1])
        return -1 if operator is None else operator.level

    def _atom(self, kind: str, token: str) -> Expression:
        if kind == "name":
            return Name(token)
        if kind == "number":
            return Number(token)
        if kind == "text":
            return Text(token)
        if kind == "slot":
            return Slot(int(token[1:-1]))
        if kind == "derivative":
            kind, token = self._take()
            if token == "(":
                of = self._expression(VIA)
                self._expect(")")
                return Derivative(of)
            if kind in ("name", "number"):
                return Derivative(self._atom(kind, token))
        if token == "(":
            items = self._items(")")
            is_grouping = len(items) == 1 and self._tokens[self._next - 2][1] != ","
            return items[0] if is_grouping else Brackets(False, items)
        if token == "[":
            return Brackets(True, self._items("]"))
        raise _NoFormulaError

    def _followed(self, tree: Expression) -> Expression:
        """What stands directly behind an atom: arguments, an index, `.T`, which of several it is."""
        while True:
            kind, token = self._tokens[self._next]
            if token == "(" and isinstance(tree, Name):
                tree = self._call(tree.name)
            elif token == "[":
                self._next += 1
                tree = Subscript(tree, self._items("]", self._index))
            elif token == ".":
                self._next += 1
                tree = self._attribute(tree)
            elif kind == "name" and token.startswith("#"):
                self._next += 1
                tree = Counted(tree, int(token[1:]))
            else:
                return tree
            self._suffixes += not isinstance(tree, FunctionCall)  # the depth of arguments is counted as they are read
            if self._suffixes > DEEPEST:
                raise _NoFormulaError

    def _attribute(self, tree: Expression) -> Expression:
        kind, name = self._take()
        if name == "T":
            return Transpose(tree)
        if kind == "name" and isinstance(tree, Name):
            return Name(f"{tree.name}.{name}")
        raise _NoFormulaError

    def _call(self, function: str) -> FunctionCall:
        self._expect("(")
        arguments: list[Expression] = []
        options: list[tuple[str, Expression]] = []
        while not self._takes(")"):
            argument = self._expression(VIA)
            if isinstance(argument, Name) and self._takes("="):
                options.append((argument.name, self._expression(VIA)))
            elif options:
                raise _NoFormulaError
            else:
                arguments.append(argument)
            if not self._takes(","):
                self._expect(")")
                break
        return FunctionCall(function, tuple(arguments), tuple(options))

    def _items(self, closing: str, item: Callable[[], Expression] | None = None) -> tuple[Expression, ...]:
        """What stands between brackets, of which the first is taken, with commas in between."""
        items = []
        while not self._takes(closing):
            items.append(item() if item else self._expression(VIA))
            if not self._takes(","):
                self._expect(closing)
                break
        return tuple(items)

    def _index(self) -> Expression:
        """An index of an array: an expression, or a slice with up to three ends."""
        ends = [self._end()]
        while len(ends) < 3 and self._takes(":"):
            ends.append(self._end())
        if len(ends) == 1 and ends[0] is not None:
            return ends[0]
        return Slice(tuple(ends))

    def _end(self) -> Expression | None:
        return None if self._tokens[self._next][1] in (":", ",", "]") else self._expression(VIA)
