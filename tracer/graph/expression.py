"""Formulas as trees of names, numbers and operators, and their text.

How tightly operators bind is written down once, in `OPERATORS`. A node puts its operands into brackets where they bind less
tightly than their place asks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

EQUATION, VIA, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(8)
"""How tightly an expression holds together."""


class Operator(NamedTuple):
    """How tightly an operator binds, and how tightly its first operand and the others have to."""

    level: int
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

_NEEDS_NO_BRACKETS = re.compile(r"[\w#]+")


class Expression:
    """The base of all nodes. They have no `__slots__`, so that the text is printed once."""

    level: ClassVar[int] = ATOM

    @cached_property
    def text(self) -> str:
        """The expression as one writes it in code."""
        return self.written(compact=False)

    def written(self, compact: bool) -> str:
        """The text; `compact` leaves out the blanks around products, as in arithmetic by hand."""
        raise NotImplementedError

    def within(self, least: int, compact: bool = False) -> str:
        """The text for a place that asks for so much: in brackets where the expression is too loose."""
        text = self.written(compact) if compact else self.text
        return text if self.level >= least else f"({text})"

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        """The expression with these put in for its slots."""
        return self


@dataclass(frozen=True)
class Name(Expression):
    """A variable: `h1`, the second of a name `h#2`, a node by its number `#12`, names joined by dots, `...`."""

    name: str

    def written(self, compact: bool) -> str:
        return self.name


@dataclass(frozen=True)
class Number(Expression):
    """A number without a sign, as it is written."""

    digits: str

    def written(self, compact: bool) -> str:
        return self.digits


@dataclass(frozen=True)
class Text(Expression):
    """What is no part of the arithmetic: a text in its quotes, `[3x3 array]`, `... [784 terms]`."""

    content: str

    def written(self, compact: bool) -> str:
        return self.content


@dataclass(frozen=True)
class Slot(Expression):
    """The place of an input in the formula of an operation."""

    position: int

    def written(self, compact: bool) -> str:
        return f"{{{self.position}}}"

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        return inputs[self.position]


@dataclass(frozen=True)
class Opaque(Expression):
    """A text that is no formula: it stands as it is, with slots in between."""

    pieces: tuple[str | Expression, ...]

    def written(self, compact: bool) -> str:
        return "".join(piece if isinstance(piece, str) else piece.within(EQUATION, compact) for piece in self.pieces)

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        return Opaque(tuple(piece if isinstance(piece, str) else piece.filled(inputs) for piece in self.pieces))


@dataclass(frozen=True)
class Sign(Expression):
    """An expression behind a minus or plus."""

    level: ClassVar[int] = SIGN
    sign: str
    operand: Expression

    def written(self, compact: bool) -> str:
        return f"{self.sign}{self.operand.within(POWER, compact)}"

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        return Sign(self.sign, self.operand.filled(inputs))


@dataclass(frozen=True)
class Infix(Expression):
    """Operands with operators of one level between them, worked out from left to right; a power has two operands."""

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]

    @property
    def level(self) -> int:  # type: ignore[override]
        return OPERATORS[self.operators[0]].level

    def written(self, compact: bool) -> str:
        level, first, rest = OPERATORS[self.operators[0]]
        blank = "" if compact and level >= PRODUCT else " "
        parts = [self.operands[0].within(first, compact)]
        for operator, operand in zip(self.operators, self.operands[1:]):
            parts += [operator, operand.within(rest, compact)]
        return blank.join(parts)

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        return infix(self.operators, tuple([operand.filled(inputs) for operand in self.operands]))


def infix(operators: tuple[str, ...], operands: tuple[Expression, ...]) -> Infix:
    """Operands with operators between them; a first operand that needs no brackets becomes part of the row.

    >>> infix(("-",), (infix(("+",), (Name("a"), Name("b"))), Name("c"))).operators
    ('+', '-')
    """
    level, first, _ = OPERATORS[operators[0]]
    head = operands[0]
    if level == first and isinstance(head, Infix) and head.level == level:
        return Infix(head.operators + operators, head.operands + operands[1:])
    return Infix(operators, operands)


@dataclass(frozen=True)
class FunctionCall(Expression):
    """A function with arguments and options: `mean(x, axis=0)`."""

    function: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Expression], ...] = ()

    def written(self, compact: bool) -> str:
        options = [f"{name}={value.within(VIA, compact)}" for name, value in self.options]
        return f"{self.function}({', '.join([each.within(VIA, compact) for each in self.arguments] + options)})"

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        options = tuple([(name, value.filled(inputs)) for name, value in self.options])
        return FunctionCall(self.function, tuple([each.filled(inputs) for each in self.arguments]), options)


@dataclass(frozen=True)
class Brackets(Expression):
    """Expressions in round or square brackets."""

    is_list: bool
    items: tuple[Expression, ...]

    def written(self, compact: bool) -> str:
        inner = ", ".join([item.within(VIA, compact) for item in self.items])
        return f"[{inner}]" if self.is_list else f"({inner}{',' if len(self.items) == 1 else ''})"

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        return Brackets(self.is_list, tuple([item.filled(inputs) for item in self.items]))


@dataclass(frozen=True)
class Slice(Expression):
    """A range of an index: `1:`, `::2`. It stands nowhere else."""

    ends: tuple[Expression | None, ...]
    """Start and stop, and the step where there is one."""

    def written(self, compact: bool) -> str:
        return ":".join([end.within(VIA, compact) if end else "" for end in self.ends])

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        return Slice(tuple([end and end.filled(inputs) for end in self.ends]))


@dataclass(frozen=True)
class Subscript(Expression):
    """What an index chooses of an array: `x[rows, 1:]`."""

    array: Expression
    index: tuple[Expression, ...]

    def written(self, compact: bool) -> str:
        return f"{self.array.within(ATOM, compact)}[{', '.join([each.within(VIA, compact) for each in self.index])}]"

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        return Subscript(self.array.filled(inputs), tuple([each.filled(inputs) for each in self.index]))


@dataclass(frozen=True)
class Element(Expression):
    """One element of an array, its position without blanks: `W1[0,2]`."""

    array: Expression
    index: tuple[int, ...]

    def written(self, compact: bool) -> str:
        return f"{self.array.within(ATOM, compact)}[{','.join(map(str, self.index))}]"


@dataclass(frozen=True)
class Transpose(Expression):
    """`x.T`"""

    array: Expression

    def written(self, compact: bool) -> str:
        return f"{self.array.within(ATOM, compact)}.T"

    def filled(self, inputs: Sequence[Expression]) -> Expression:
        return Transpose(self.array.filled(inputs))


@dataclass(frozen=True)
class Derivative(Expression):
    """The gradient of the loss: with respect to a variable `dL/dh1`, to an expression `dL/d(x @ W1)`."""

    of: Expression

    def written(self, compact: bool) -> str:
        of = self.of.within(EQUATION, compact)
        return f"dL/d{of}" if _NEEDS_NO_BRACKETS.fullmatch(of) else f"dL/d({of})"


@dataclass(frozen=True)
class Counted(Expression):
    """The second, third, ... that has the name of an expression: `dL/d(x @ W1)#2`."""

    of: Expression
    count: int

    def written(self, compact: bool) -> str:
        return f"{self.of.within(ATOM, compact)}#{self.count}"


def number(text: str) -> Expression:
    """A number as it is written, with or without a minus.

    >>> number("0.5"), number("-0.5")
    (Number(digits='0.5'), Sign(sign='-', operand=Number(digits='0.5')))
    """
    return Sign("-", Number(text[1:])) if text.startswith("-") else Number(text)
