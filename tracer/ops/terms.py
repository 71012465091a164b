"""The elements that an output element is computed from."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.graph.expression import Expression, FunctionCall, infix


@dataclass(frozen=True)
class Elided(Expression):
    """What stands for the terms that are left out: how many there are of the `noun`, with those that are written, and are 0."""

    noun: str
    count: int
    zeros: int = 0

    def format(self, compact: bool) -> str:
        return f"... [{self.count} {self.noun}s{f', {self.zeros} of them 0' if self.zeros else ''}]"


@dataclass(frozen=True, slots=True)
class Terms:
    """The most important elements that an output element is made of, and how many there are, and are 0."""

    elements: tuple[Expression, ...]
    count: int
    zeros: int = 0

    @property
    def first(self) -> Expression:
        return self.elements[0]

    @property
    def is_whole(self) -> bool:
        """Whether these are all."""
        return self.count == len(self.elements)

    def joined(self, operator: str) -> Expression | None:
        """The elements with an operator between them, None where there are none.

        >>> from tracer.graph.formula import parse
        >>> one, two, three = map(parse, "123")
        >>> Terms((one, two, three), 3).joined("+").text, Terms((three, two, one), 784, 700).joined("+").text
        ('1 + 2 + 3', '3 + 2 + 1 + ... [784 terms, 700 of them 0]')
        """
        terms = self._with_rest("factor" if operator == "*" else "term", self.zeros)
        return infix((operator,) * (len(terms) - 1), terms) if len(terms) > 1 else terms[0] if terms else None

    def in_call(self, function: str) -> Expression:
        """The elements as the arguments of a function."""
        return FunctionCall(function, self._with_rest("number"))

    def _with_rest(self, noun: str, zeros: int = 0) -> tuple[Expression, ...]:
        return self.elements if self.is_whole else (*self.elements, Elided(noun, self.count, zeros))
