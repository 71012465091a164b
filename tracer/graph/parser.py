"""The grammar of formulas: tokens, and a parser that makes a tree of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from tracer.graph.expression import (
    EQUATION,
    OPERATORS,
    POWER,
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
    Slot,
    Subscript,
    Text,
    Transpose,
)

MAX_LENGTH = 2_000
"""Maximum length of a formula that is parsed."""

MAX_DEPTH = 20
"""Maximum nesting depth of a formula that is parsed; formulas substituted into each other stay within the recursion limit."""

_TOKEN = re.compile(
    r"""[ ]*(?:
      (?P<text> '[^'\\]*' | "[^"\\]*" | \[ [0-9]+(?:x[0-9]+)* [ ] array \])
    | (?P<derivative> d(?:L|\w+_loss(?:\#[0-9]+)?)/d (?=[\w\#(]))   # dL/dW1, dL/dh#2, dL/d(x @ W), dg_loss/dW
    | (?P<slot> \{[0-9]+\})
    | (?P<module> (?: (?:[^\W\d]\w*\.(?!T\b))* (?:[0-9]+\.(?!T\b))+ [^\W\d]\w*    # 0.weight, layers.0.weight
        | [^\W\d]\w* (?:\.(?!T\b)\w+)* \.[0-9]+ ) (?:\.(?!T\b)\w+)* (?:\#[0-9]+)?)
    | (?P<number> (?:[0-9]+\.?[0-9]*|\.[0-9]+) (?:e[+-]?[0-9]+)? j? (?!\w))
    | (?P<name> [^\W\d]\w*(?:\#[0-9]+)? | \#[0-9]+ | \.\.\.)   # h1, the second h1 as h1#2, node 12 as #12
    | (?P<symbol> \*\* | [<>=!]= | [-+*/@<>=()\[\],.:])
    | (?P<end> $)
    )""",
    re.VERBOSE,
)


class ParseError(Exception):
    """The text is not a formula."""


class Parser:
    """A recursive-descent parser. Raises ParseError if the text is not a formula."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise ParseError
        self._tokens: list[tuple[str, str]] = []
        self._next = 0
        self._depth = 0
        self._suffixes = 0
        position, kind = 0, ""
        while kind != "end":
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise ParseError
            position, kind = match.end(), match.lastgroup
            self._tokens.append((kind, match[kind]))

    def parse(self) -> Expression:
        """The tree of the whole text."""
        tree = self._expression(EQUATION)
        if self._tokens[self._next][0] != "end":
            raise ParseError
        return tree

    def _advance(self) -> tuple[str, str]:
        token = self._tokens[self._next]
        if token[0] == "end":
            raise ParseError
        self._next += 1
        return token

    def _accept(self, symbol: str) -> bool:
        """Consume the next token if it is this symbol; whether it was."""
        matches = self._tokens[self._next][1] == symbol
        self._next += matches
        return matches

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            raise ParseError

    def _expression(self, minimum: int) -> Expression:
        """An expression whose operators have at least this precedence."""
        self._depth += 1
        if self._depth + self._suffixes > MAX_DEPTH:
            raise ParseError
        kind, token = self._advance()
        if kind == "symbol" and token in "+-":
            tree: Expression = Sign(token, self._expression(POWER))
        else:
            tree = self._postfix(self._atom(kind, token))
        while (precedence := self._next_precedence()) >= minimum:
            operators, operands = [], [tree]
            while self._next_precedence() == precedence:
                operators.append(self._advance()[1])
                operands.append(self._expression(POWER if precedence == POWER else precedence + 1))
            tree = Infix(tuple(operators), tuple(operands))
        self._depth -= 1
        return tree

    def _next_precedence(self) -> int:
        """The precedence of the next token; -1 if it is not an infix operator."""
        operator = OPERATORS.get(self._tokens[self._next][1])
        return -1 if operator is None else operator.precedence

    def _atom(self, kind: str, token: str) -> Expression:
        if kind in ("name", "module"):
            return Name(token)
        if kind == "number":
            return Number(token)
        if kind == "text":
            return Text(token)
        if kind == "slot":
            return Slot(int(token[1:-1]))
        if kind == "derivative":
            loss = token[1 : token.index("/")]
            kind, token = self._advance()
            if token == "(":
                of = self._expression(VIA)
                self._expect(")")
                return Derivative(of, loss)
            if kind in ("name", "module", "number"):
                return Derivative(self._path(self._atom(kind, token)), loss)
        if token == "(":
            items = self._items(")")
            is_grouping = len(items) == 1 and self._tokens[self._next - 2][1] != ","
            return items[0] if is_grouping else Brackets(False, items)
        if token == "[":
            return Brackets(True, self._items("]", self._index))
        raise ParseError

    def _postfix(self, tree: Expression) -> Expression:
        """An atom with its suffixes: arguments, an index, `.T`, `#2`."""
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
            self._suffixes += not isinstance(tree, FunctionCall)  # _expression has counted the depth of arguments
            if self._suffixes > MAX_DEPTH:
                raise ParseError

    def _attribute(self, tree: Expression) -> Expression:
        kind, name = self._advance()
        if name == "T":
            return Transpose(tree)
        if kind == "name" and isinstance(tree, Name):
            return Name(f"{tree.name}.{name}")
        if kind == "name" and isinstance(tree, (Subscript, Attribute, FunctionCall)):
            return Attribute(tree, name)
        raise ParseError

    def _path(self, tree: Expression) -> Expression:
        """The longest path from here that ends with a name: `layers[0].W` of `dL/dlayers[0].W[1]`."""
        found, start = tree, self._next
        while True:
            (_, token), (kind, key) = self._tokens[self._next], self._tokens[min(self._next + 1, len(self._tokens) - 1)]
            if token == "." and kind == "name" and key != "T":
                self._next += 1
                tree = found = self._attribute(tree)
                start = self._next
            elif token == "[" and kind in ("number", "text") and self._tokens[self._next + 2][1] == "]":
                tree = Subscript(tree, (self._atom(kind, key),))
                self._next += 3
            else:
                self._next = start
                return found

    def _call(self, function: str) -> FunctionCall:
        self._expect("(")
        arguments: list[Expression] = []
        options: list[tuple[str, Expression]] = []
        while not self._accept(")"):
            argument = self._expression(VIA)
            if isinstance(argument, Name) and self._accept("="):
                options.append((argument.name, self._expression(VIA)))
            elif options:
                raise ParseError
            else:
                arguments.append(argument)
            if not self._accept(","):
                self._expect(")")
                break
        return FunctionCall(function, tuple(arguments), tuple(options))

    def _items(self, closing: str, item: Callable[[], Expression] | None = None) -> tuple[Expression, ...]:
        """Comma-separated items up to the closing bracket."""
        items = []
        while not self._accept(closing):
            items.append(item() if item else self._expression(VIA))
            if not self._accept(","):
                self._expect(closing)
                break
        return tuple(items)

    def _index(self) -> Expression:
        """One index of an array: an expression or a slice."""
        bounds = [self._bound()]
        while len(bounds) < 3 and self._accept(":"):
            bounds.append(self._bound())
        if len(bounds) == 1 and bounds[0] is not None:
            return bounds[0]
        return Slice(tuple(bounds))

    def _bound(self) -> Expression | None:
        return None if self._tokens[self._next][1] in (":", ",", "]") else self._expression(VIA)
