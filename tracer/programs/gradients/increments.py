"""What an update adds to a parameter: the entries between the parameter and its gradient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from tracer.graph.record import Literal
from tracer.programs.gradients.matching import Gradients, Looked, parameter_label
from tracer.programs.gradients.tape import ProgramTape
from tracer.programs.gradients.updates import made_of

_SCALING = frozenset({"multiply", "divide", "negative", "copy", "reshape", "astype", "positive", "array", "squeeze"})


def increments(tape: ProgramTape, looked: Looked, root: int) -> set[int]:
    """The values that an update adds to a parameter, up to factors: what is between the parameter and its gradient."""
    after, before = looked.after[root], looked.before[root]
    behind = looked.behind[root]
    chain = made_of_itself(tape, after, before, behind)
    found: set[int] = set()
    waiting = [operand for id in chain for operand in tape.inputs[id] if operand in behind and operand not in chain]
    while waiting:
        id = waiting.pop()
        if id in found or tape.value(id).dtype.kind not in "fiu":
            continue
        found.add(id)
        if tape.op(id) in _SCALING:
            computed = [each for each in tape.inputs[id] if each in behind and tape.inputs[each]]
            if not any(each in looked.forward for each in tape.inputs[id]) and len(computed) == 1:
                waiting += [each for each in computed if tape.value(each).size == tape.value(id).size]
    return found


def made_of_itself(tape: ProgramTape, after: int, before: int, behind: Collection[int]) -> set[int]:
    """The entries between two values of a parameter, with the later one: sums, differences, elements written."""
    reaches = {before}
    for id in sorted(behind):
        if id <= after and (
            any(one in reaches for one in made_of(tape, id)) or (tape.op(id) == "take" and _reads(tape, id, reaches))
        ):
            reaches.add(id)
    kept: set[int] = set()
    waiting = [after]
    while waiting:
        id = waiting.pop()
        if id in reaches and id not in kept:
            kept.add(id)
            waiting += tape.inputs[id]
    return (kept - {before}) or {after}


def _reads(tape: ProgramTape, id: int, reaches: Collection[int]) -> bool:
    """Whether an entry is an element of a parameter, as in `w[0] = w[0] - ...`."""
    return tape.inputs[id][0] in reaches


def entry(gradients: Gradients, root: int) -> tuple[int | None, float | None]:
    """The last value that is the gradient of a parameter before the statement of its update, and the factor it has."""
    looked = gradients.looked[0]
    tape, target = gradients.tape, (parameter_label(root), None)
    statement = tape.statement(looked.after[root])
    found: tuple[int | None, float | None] = None, None
    inside: tuple[int | None, float | None] = None, None
    chain = made_of_itself(tape, looked.after[root], looked.before[root], looked.behind[root])
    for id in sorted(looked.behind[root] - chain):
        for match in gradients.matches_of(looked.labels[id], [target])[:1]:
            if tape.statement(id) != statement:
                found = id, match.factor
            elif inside[0] is None:
                inside = id, match.factor
    return found if found[0] is not None else inside


def base_factor(gradients: Gradients, root: int) -> float | None:
    """The factor of the last gradient before the statement of an update, of the parameter or of a value; None for none."""
    looked = gradients.looked[0]
    tape = gradients.tape
    id, factor = entry(gradients, root)
    statement = tape.statement(looked.after[root])
    if id is not None and tape.statement(id) != statement:
        return factor
    chain = made_of_itself(tape, looked.after[root], looked.before[root], looked.behind[root])
    for one in sorted(looked.behind[root] - chain, reverse=True):
        matches = gradients.matches(looked.labels[one]) if tape.statement(one) != statement else []
        if matches:
            return matches[0].factor
    return factor


def rate_numbers(gradients: Gradients, root: int) -> Counter[float]:
    """The numbers by which an update multiplies the gradient: the learning rate, and what else is there."""
    return Counter(1 / each.number if each.divides else each.number for each in scalings(gradients, root))


class Scaling(NamedTuple):
    """A number by which an update multiplies or divides: an operand of an operation, by its place, and its magnitude."""

    id: int
    place: int
    operand: int | Literal
    number: float
    divides: bool


def scalings(gradients: Gradients, root: int) -> Iterator[Scaling]:
    """The numbers by which an update multiplies the gradient, and by which it divides it."""
    tape, looked = gradients.tape, gradients.looked[0]
    start, _ = entry(gradients, root)
    after = looked.after[root]
    chain = made_of_itself(tape, after, looked.before[root], looked.behind[root])
    inside = {id for id in looked.behind[root] if tape.statement(id) == tape.statement(after)}
    if start is not None and tape.statement(start) == tape.statement(after):
        start = None
    ways = (increments(tape, looked, root) | chain | inside) - ({start} if start is not None else set())
    for id in sorted(ways):
        if id <= (start or 0) or tape.op(id) not in ("multiply", "divide"):
            continue
        for place, operand in enumerate(tape.operands(id)):
            number = _number(tape, operand, looked)
            if number is not None:
                yield Scaling(id, place, operand, number, tape.op(id) == "divide" and place == 1)


def _number(tape: ProgramTape, operand: int | Literal, looked: Looked) -> float | None:
    if isinstance(operand, Literal):
        value = operand.value
    elif operand in looked.forward or tape.value(operand).size != 1 or (operand in looked.labels and tape.inputs[operand]):
        return None
    else:
        value = float(tape.value(operand).ravel()[0])
    return abs(float(value)) if isinstance(value, (int, float, np.number)) and value else None
