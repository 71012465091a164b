"""The elements that an output element is computed from."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.graph.expression import Expression, FunctionCall, Text, infix


@dataclass(frozen=True, slots=True)
class Terms:
    """The first few elements that an output element is made of, and how many there are."""

    elements: tuple[Expression, ...]
    count: int

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
        >>> Terms((one, two, three), 3).joined("+").text, Terms((one, two, three), 784).joined("+").text
        ('1 + 2 + 3', '1 + 2 + 3 + ... [784 terms]')
        """
        terms = self._with_rest()
        return infix((operator,) * (len(terms) - 1), terms) if len(terms) > 1 else terms[0] if terms else None

    def in_call(self, function: str) -> Expression:
        """The elements as the arguments of a function."""
        return FunctionCall(function, self._with_rest())

    def _with_rest(self) -> tuple[Expression, ...]:
        return self.elements if self.is_whole else (*self.elements, Text(f"... [{self.count} terms]"))
