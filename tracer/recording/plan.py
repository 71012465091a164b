"""Caches the backward pass: replayed when the forward tape matches an earlier step's.

A BackwardPlan guards the tape up to the loss: the same operations on the same operands with the same parameters, giving the
same shapes and dtypes. Then the derivative rules would record what they recorded before, so the plan computes the same
operations in the same order, and so the same bits, without calling them. That needs rules that look at shapes and not at
values, see `Op.rules_see_only_shapes`. The user's own code always runs.

If also every operation comes from the same place in the code and has the same name, the whole step has the structure of the
earlier one and differs in nothing but its values. `BackwardPlan.match` decides both, in one pass over the tape; nodes and the
trace file only ask for the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from tracer.graph.record import Literal, Node
from tracer.ops.base import Op
from tracer.recording.replaying.instructions import Instruction, Instructions
from tracer.recording.source import Invocation
from tracer.recording.tape import Context, Entry, Marks

MAX_CONSTANT_SIZE = 100
"""Elements up to which a constant array of the user's code is compared: formulas show its numbers. A larger one never matches."""


class Match(IntEnum):
    """How much of a step is the same as in the step that a plan was made from."""

    NONE = 0
    COMPUTATION = 1
    """The tape up to the loss: the backward pass can be replayed."""
    STRUCTURE = 2
    """Everything but values: names, formulas and source lines too."""


class Guard(NamedTuple):
    """What a derivative rule can know of a recorded operation."""

    op: type[Op] | str
    operands: tuple[int | Literal, ...]
    kind: type | np.dtype[Any]
    """The dtype of an array, the type of a number."""
    shape: tuple[int, ...]
    parameters: str
    """As text: `==` takes 1, 1.0 and True for equal."""

    @staticmethod
    def of(entry: Entry) -> Guard:
        """The guard of one operation."""
        op, operands, parameters, value, _, _ = entry
        if type(value) is np.ndarray:
            return Guard(op, operands, value.dtype, value.shape, repr(parameters))
        return Guard(op, operands, type(value), (), repr(parameters))

    @property
    def literals(self) -> list[tuple[int, type, float]]:
        """Position, type and sign of the numbers among the operands: `==` does not tell 1 from 1.0 or 0.0 from -0.0."""
        found = ((position, x.value) for position, x in enumerate(self.operands) if isinstance(x, Literal))
        return [(position, type(number), _sign(number)) for position, number in found]


def _sign(number: Any) -> float:
    """The sign of a floating number, that of 0.0 and -0.0 too."""
    return math.copysign(1, number) if type(number) is float else 0.0


@dataclass(slots=True, eq=False)
class BackwardPlan:
    """The guards of a step up to its loss, and the instructions for everything after it. It holds no arrays of that step.

    `literal_guards` are the numbers in the code before the loss: operation, position, type and sign. `places` are the contexts
    and instruction offsets of the operations before the loss, `constants` the bytes of the arrays in the code, None for a large
    one.
    """

    guards: tuple[Guard, ...]
    literal_guards: tuple[tuple[int, int, type, float], ...]
    loss_ids: tuple[int, ...]
    places: tuple[tuple[Context, int], ...]
    names: Mapping[int, str]
    fallback_names: Mapping[int, str]
    constants: Mapping[int, bytes | None]
    rest: tuple[Entry, ...]
    marks: Marks
    instructions: Instructions
    nodes: tuple[Node, ...] | None = None
    """The nodes of the steps with this structure, without values; computed when the first of them is read."""

    def match(self, entries: Sequence[Entry], loss_ids: tuple[int, ...], marks: Marks) -> Match:
        """How much of a step, recorded up to its losses, is the same."""
        if loss_ids != self.loss_ids or len(entries) != len(self.guards):
            return Match.NONE
        from_same_places = marks.names == self.names and marks.fallback_names == self.fallback_names
        twins = _Twins()
        last_here: Context | None = None
        last_there: Context | None = None
        for entry, (known_op, known_operands, kind, shape, text), (there, known_offset) in zip(
            entries, self.guards, self.places, strict=True
        ):
            op, operands, parameters, value, here, offset = entry
            if op is not known_op or operands != known_operands:
                return Match.NONE
            if type(value) is np.ndarray:
                # Nearly always one object, and NumPy takes long to compare two.
                if (value.dtype is not kind and value.dtype != kind) or value.shape != shape:
                    return Match.NONE
            elif type(value) is not kind:
                return Match.NONE
            if parameters and repr(parameters) != text:
                return Match.NONE
            if from_same_places and (here is not last_here or there is not last_there or offset != known_offset):
                last_here, last_there = here, there
                from_same_places = offset == known_offset and twins.are_alike(here, there)
        for id, position, kind, sign in self.literal_guards:
            number = entries[id][1][position].value  # type: ignore[union-attr]
            if type(number) is not kind or (sign and _sign(number) != sign):
                return Match.NONE
        is_same = from_same_places and all(entries[id][3].tobytes() == content for id, content in self.constants.items())
        return Match.STRUCTURE if is_same else Match.COMPUTATION

    def moved_to(self, entries: Sequence[Entry], marks: Marks) -> BackwardPlan:
        """The plan for steps whose structure is that of this step, which computes the same: the same instructions, other places.

        CPython moves instruction offsets when it specializes code that has run a few times.
        """
        return replace(self, **_structure_guards(entries, marks), nodes=None)

    def values_after(self, entries: Sequence[Entry]) -> list[Any]:
        """The values of everything after the loss, for a step that matches up to it."""
        return self.instructions.results([entry[3] for entry in entries])

    def entries_with(self, values: Sequence[Any]) -> list[Entry]:
        """The tape entries that a recorder would have appended for these values."""
        return [
            (op, operands, parameters, value, context, offset)
            for (op, operands, parameters, _, context, offset), value in zip(self.rest, values, strict=True)
        ]


class _Twins:
    """Pairs the invocations of two steps: each call in one stands for one call in the other."""

    def __init__(self) -> None:
        self._there: dict[int, Invocation] = {}
        self._here: dict[int, Invocation] = {}

    def are_alike(self, here: Context, there: Context) -> bool:
        """True if two contexts differ in nothing but which call of the same function they are in."""
        if here[:3] != there[:3] or here[4:] != there[4:]:
            return False
        one, other = here.invocation, there.invocation
        while one is not None and other is not None and id(one) not in self._there:
            if one.code is not other.code or one.call_offset != other.call_offset or id(other) in self._here:
                return False
            self._there[id(one)], self._here[id(other)] = other, one
            one, other = one.caller, other.caller
        return (one is None) is (other is None) and (one is None or self._there[id(one)] is other)


def backward_plan(entries: Sequence[Entry], start: int, loss_ids: tuple[int, ...], marks: Marks) -> BackwardPlan | None:
    """The plan of a step whose backward pass begins at `start`.

    None if a rule may look at values, so that a step with the same guards may have another backward pass.
    """
    if not all(isinstance(op, str) or op.rules_see_only_shapes for op, *_ in entries[:start]):
        return None
    before, rest = entries[:start], entries[start:]
    guards = tuple(map(Guard.of, before))
    literals = [x.value for _, operands, *_ in rest for x in operands if isinstance(x, Literal)]
    numbers = iter(range(len(literals)))
    instructions = []
    for op, operands, parameters, value, _, _ in rest:
        # After the loss only constants are leaves, and rules make them from shapes.
        places = tuple(next(numbers) if isinstance(x, Literal) else len(literals) + x for x in operands)
        leaf = Instruction(None, (), {}, value)
        instructions.append(leaf if isinstance(op, str) else Instruction(op.value, places, parameters, None))
    return BackwardPlan(
        guards=guards,
        literal_guards=tuple((id, *literal) for id, guard in enumerate(guards) for literal in guard.literals),
        loss_ids=loss_ids,
        **_structure_guards(before, marks),
        rest=tuple((op, operands, parameters, None, context, offset) for op, operands, parameters, _, context, offset in rest),
        marks=replace(marks, names={id: name for id, name in marks.names.items() if id >= start}, fallback_names={}),
        instructions=Instructions(tuple(literals), tuple(instructions)),
    )


def _structure_guards(before: Sequence[Entry], marks: Marks) -> dict[str, Any]:
    """What steps of the same structure share besides the computation, from the operations before the loss."""
    start = len(before)
    return {
        "places": tuple((context, offset) for *_, context, offset in before),
        "names": {id: name for id, name in marks.names.items() if id < start},
        "fallback_names": {id: name for id, name in marks.fallback_names.items() if id < start},
        "constants": {
            id: value.tobytes() if value.size <= MAX_CONSTANT_SIZE else None
            for id, (op, _, _, value, _, _) in enumerate(before)
            if op == "constant"
        },
    }
