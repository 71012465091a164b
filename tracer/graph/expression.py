"""Expression trees of formulas, and their text.

`OPERATORS` is the only table of precedences. An operand is bracketed if it binds more loosely than its position requires.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

from tracer.graph.paths import PATH

EQUATION, VIA, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(8)
"""Precedence levels, from loosest to tightest."""


class Operator(NamedTuple):
    """The precedence of an operator, and the minimum precedence of its first operand and of the others."""

    precedence: int
    first: int
    rest: int


OPERATORS = {
    "=": Operator(EQUATION, VIA, VIA),
    "via": Operator(VIA, COMPARISON, ATOM),
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), Operator(COMPARISON, SUM, SUM)),
    **dict.fromkeys(("+", "-"), Operator(SUM, SUM, PRODUCT)),
    **dict.fromkeys(("*", "/", "@"), Operator(PRODUCT, PRODUCT, SIGN)),
    "**": Operator(POWER, ATOM, POWER),
}

_SINGLE_TOKEN = re.compile(rf"[\w#]+|{PATH.pattern}")


class Expression:
    """Base class of all expressions. It has no `__slots__`, because `text` is cached in the instance."""

    precedence: ClassVar[int] = ATOM

    @cached_property
    def text(self) -> str:
        """The expression as source code."""
        return self.format(compact=False)

    def format(self, compact: bool) -> str:
        """The text; `compact` omits the spaces around products and powers."""
        raise NotImplementedError

    def operand_text(self, minimum: int, compact: bool = False) -> str:
        """The text as an operand; in brackets if the precedence is below the minimum."""
        text = self.format(compact) if compact else self.text
        return text if self.precedence >= minimum else f"({text})"

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        """The expression with its slots replaced by the inputs."""
        return self


@dataclass(frozen=True)
class Name(Expression):
    """A name: a variable `h1`, the second one of that name `h#2`, node 12 `#12`, a dotted name, or `...`."""

    name: str

    def format(self, compact: bool) -> str:
        return self.name


@dataclass(frozen=True)
class Number(Expression):
    """An unsigned number, as in the source."""

    digits: str

    def format(self, compact: bool) -> str:
        return self.digits


@dataclass(frozen=True)
class Text(Expression):
    """Text that is not arithmetic: a quoted string, `[3x3 array]`."""

    content: str

    def format(self, compact: bool) -> str:
        return self.content


@dataclass(frozen=True)
class Slot(Expression):
    """A placeholder for an input of an operation."""

    position: int

    def format(self, compact: bool) -> str:
        return f"{{{self.position}}}"

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return inputs[self.position]


@dataclass(frozen=True)
class Opaque(Expression):
    """Text that cannot be parsed, kept verbatim except for its slots."""

    pieces: tuple[str | Expression, ...]

    def format(self, compact: bool) -> str:
        return "".join(piece if isinstance(piece, str) else piece.operand_text(EQUATION, compact) for piece in self.pieces)

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return Opaque(tuple(piece if isinstance(piece, str) else piece.substitute(inputs) for piece in self.pieces))


@dataclass(frozen=True)
class Sign(Expression):
    """An expression with a unary minus or plus."""

    precedence: ClassVar[int] = SIGN
    sign: str
    operand: Expression

    def format(self, compact: bool) -> str:
        return f"{self.sign}{self.operand.operand_text(POWER, compact)}"

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return Sign(self.sign, self.operand.substitute(inputs))


@dataclass(frozen=True)
class Infix(Expression):
    """A left-associative chain of operators of equal precedence; a power has two operands."""

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]

    @property
    def precedence(self) -> int:  # type: ignore[override]
        return OPERATORS[self.operators[0]].precedence

    def format(self, compact: bool) -> str:
        precedence, first, rest = OPERATORS[self.operators[0]]
        space = "" if compact and precedence >= PRODUCT else " "
        parts = [self.operands[0].operand_text(first, compact)]
        for operator, operand in zip(self.operators, self.operands[1:]):
            parts += [operator, operand.operand_text(rest, compact)]
        return space.join(parts)

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return infix(self.operators, tuple([operand.substitute(inputs) for operand in self.operands]))


def infix(operators: tuple[str, ...], operands: tuple[Expression, ...]) -> Infix:
    """An infix expression; a first operand of the same left-associative precedence is merged into it.

    >>> infix(("-",), (infix(("+",), (Name("a"), Name("b"))), Name("c"))).operators
    ('+', '-')
    """
    precedence, first, _ = OPERATORS[operators[0]]
    head = operands[0]
    if precedence == first and isinstance(head, Infix) and head.precedence == precedence:
        return Infix(head.operators + operators, head.operands + operands[1:])
    return Infix(operators, operands)


@dataclass(frozen=True)
class FunctionCall(Expression):
    """A call with positional and keyword arguments: `mean(x, axis=0)`."""

    function: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Expression], ...] = ()

    def format(self, compact: bool) -> str:
        options = [f"{name}={value.operand_text(VIA, compact)}" for name, value in self.options]
        return f"{self.function}({', '.join([each.operand_text(VIA, compact) for each in self.arguments] + options)})"

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        options = tuple([(name, value.substitute(inputs)) for name, value in self.options])
        return FunctionCall(self.function, tuple([each.substitute(inputs) for each in self.arguments]), options)


@dataclass(frozen=True)
class Brackets(Expression):
    """A tuple or a list of expressions."""

    is_list: bool
    items: tuple[Expression, ...]

    def format(self, compact: bool) -> str:
        inner = ", ".join([item.operand_text(VIA, compact) for item in self.items])
        return f"[{inner}]" if self.is_list else f"({inner}{',' if len(self.items) == 1 else ''})"

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return Brackets(self.is_list, tuple([item.substitute(inputs) for item in self.items]))


@dataclass(frozen=True)
class Slice(Expression):
    """A slice: `1:`, `::2`. It occurs only in an index, also in one that is written as a list."""

    bounds: tuple[Expression | None, ...]
    """Start and stop, and the step if there is one."""

    def format(self, compact: bool) -> str:
        return ":".join([bound.operand_text(VIA, compact) if bound else "" for bound in self.bounds])

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return Slice(tuple([bound and bound.substitute(inputs) for bound in self.bounds]))


@dataclass(frozen=True)
class Subscript(Expression):
    """An indexed array: `x[rows, 1:]`."""

    array: Expression
    index: tuple[Expression, ...]

    def format(self, compact: bool) -> str:
        return f"{self.array.operand_text(ATOM, compact)}[{', '.join([each.operand_text(VIA, compact) for each in self.index])}]"

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return Subscript(self.array.substitute(inputs), tuple([each.substitute(inputs) for each in self.index]))


@dataclass(frozen=True)
class Attribute(Expression):
    """What an indexed container or the result of a call holds under a name: `layers[0].W`, `max_pool2d(x, 2).indices`."""

    of: Expression
    name: str

    def format(self, compact: bool) -> str:
        return f"{self.of.operand_text(ATOM, compact)}.{self.name}"

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return Attribute(self.of.substitute(inputs), self.name)


@dataclass(frozen=True)
class Element(Expression):
    """One element of an array, its index without spaces: `W1[0,2]`."""

    array: Expression
    index: tuple[int, ...]

    def format(self, compact: bool) -> str:
        return f"{self.array.operand_text(ATOM, compact)}[{','.join(map(str, self.index))}]"


@dataclass(frozen=True)
class Transpose(Expression):
    """A transposed array: `x.T`."""

    array: Expression

    def format(self, compact: bool) -> str:
        return f"{self.array.operand_text(ATOM, compact)}.T"

    def substitute(self, inputs: Sequence[Expression]) -> Expression:
        return Transpose(self.array.substitute(inputs))


@dataclass(frozen=True)
class Derivative(Expression):
    """The gradient of the loss with respect to a variable, `dL/dh1`, `dL/dlayers[0].W`, or an expression, `dL/d(x @ W1)`."""

    of: Expression
    loss: str = "L"
    """The name of the loss, where a step has several: `dg_loss/dW`."""

    def format(self, compact: bool) -> str:
        of = self.of.operand_text(EQUATION, compact)
        return f"d{self.loss}/d{of}" if _SINGLE_TOKEN.fullmatch(of) else f"d{self.loss}/d({of})"


@dataclass(frozen=True)
class Counted(Expression):
    """The second or later expression with the same text: `dL/d(x @ W1)#2`."""

    of: Expression
    count: int

    def format(self, compact: bool) -> str:
        return f"{self.of.operand_text(ATOM, compact)}#{self.count}"


def number(text: str) -> Expression:
    """The expression of a number, with or without a minus sign; of a complex one, the sum of its parts."""
    if parts := re.fullmatch(r"(-?[^-+]+(?:e[-+]\d+)?)([-+])([^-+]+(?:e[-+]\d+)?j)", text):
        return Infix((parts[2],), (number(parts[1]), Number(parts[3])))
    return Sign("-", Number(text[1:])) if text.startswith("-") else Number(text)
