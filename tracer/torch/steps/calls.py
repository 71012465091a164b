"""What operations are given, as plain data: made once for calls that each step repeats."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tracer.graph.record import Literal
from tracer.torch.schemas import Schema


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """What an operation is given: the results of a call share it, and the same calls of later steps do.

    `inputs` are operations and numbers, `arguments` and `options` those of the call as plain data, with {"input": position} in
    place of a tensor or a number. `stopped` are the positions of inputs through which no gradient flows back.
    """

    schema: Schema | None = None
    inputs: tuple[int | Literal, ...] = ()
    arguments: list[Any] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    stopped: tuple[int, ...] = ()
    operands: tuple[int, ...] = field(init=False)
    """The inputs that are operations."""
    numbers: tuple[Literal, ...] = field(init=False)
    structure: tuple[Any, ...] = field(init=False)
    """What calls have in common that differ in their numbers only."""
    text: str = field(init=False)
    """The call with its numbers; of calls with the same structure, equal only if the numbers have the same types and bits."""

    def __post_init__(self) -> None:
        operands = tuple([each for each in self.inputs if isinstance(each, int)])
        numbers = tuple([each for each in self.inputs if isinstance(each, Literal)])
        object.__setattr__(self, "operands", operands)
        object.__setattr__(self, "numbers", numbers)
        object.__setattr__(self, "structure", (self.schema, operands, self.stopped))
        object.__setattr__(self, "text", f"{[each.value for each in numbers]}{self.arguments}{self.options}")


NO_CALL = Call()
"""That of a leaf."""


class KnownCalls:
    """The calls of the step before, by the positions of their operations on the tape."""

    def __init__(self) -> None:
        self._known: dict[int, Call] = {}

    def call(
        self, position: int, schema: Schema, inputs: tuple[int | Literal, ...], arguments: list[Any], options: dict[str, Any],
        stopped: tuple[int, ...],
    ) -> Call:  # fmt: skip
        """A call: that of the step before, if it was the same with the same numbers, bit for bit."""
        known = self._known.get(position)
        if (
            known is not None
            and known.schema is schema
            and not schema.has_lists_of_numbers  # 1 in them equals 1.0
            and known.inputs == inputs
            and known.stopped == stopped
            and known.arguments == arguments
            and known.options == options
            and (not known.numbers or _are_same(known.inputs, inputs))
        ):
            return known
        found = self._known[position] = Call(schema, inputs, arguments, options, stopped)
        return found


def _are_same(first: tuple[int | Literal, ...], second: tuple[int | Literal, ...]) -> bool:
    """Whether the numbers of equal inputs have the same types and bits: those are one object."""
    return all(a is b or isinstance(a, int) for a, b in zip(first, second, strict=True))


def number(value: bool | float) -> Literal:
    """A number of a call. The same one is one object, nearly always."""
    return Literal(value) if value == 0 and str(value) == "-0.0" else _literal(value)


_literal = lru_cache(maxsize=4096, typed=True)(Literal)
