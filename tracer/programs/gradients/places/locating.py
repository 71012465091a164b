"""Where updates go wrong: the first statements whose inputs are right and whose result is not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.matching import Gradients, Looked, Match, parameter_label
from tracer.programs.gradients.tape import ProgramTape, Statement
from tracer.programs.gradients.updates import made_of

_SCALING = frozenset({"multiply", "divide", "negative", "copy", "reshape", "astype", "positive", "array", "squeeze"})


@dataclass(frozen=True, slots=True)
class Spot:
    """An entry at which the gradient of a parameter goes wrong, in the first of the steps; `result` is that of its statement.

    `is_whole` if the update is a factor times the result.
    """

    root: int
    id: int
    result: int
    is_whole: bool

    def statement(self, tape: ProgramTape) -> Statement | None:
        """The statement of it."""
        return tape.statement(self.id)


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


def spots_of(attempt: Attempt, root: int) -> list[Spot]:
    """Where the gradient of a parameter, which its update does not follow, goes wrong."""
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    tape, behind = gradients.tape, looked.behind[root]
    whole = increments(tape, looked, root)
    chain = made_of_itself(tape, looked.after[root], looked.before[root], behind)
    target = parameter_label(root), None
    matched = {id: gradients.matches(looked.labels[id]) for id in behind if id not in chain}
    right = {id for id, found in matched.items() if found and (id not in whole or any(each.target == target for each in found))}
    carries: set[int] = set()
    for id in sorted(behind):
        if (matched.get(id) and id not in chain) or any(operand in carries for operand in tape.inputs[id]):
            carries.add(id)
    bad: set[int] = set()
    waiting = [operand for id in chain for operand in tape.inputs[id] if operand in behind and operand not in chain]
    while waiting:
        id = waiting.pop()
        if id in bad or id in right or id not in behind:
            continue
        bad.add(id)
        waiting += tape.inputs[id]
    core = {id for id in bad if id in carries} or bad
    first = [id for id in sorted(core) if not any(operand in core for operand in tape.inputs[id])]
    if not core & carries:
        # Nothing before it is a gradient: what touches the forward pass.
        first = [id for id in sorted(core) if any(operand in looked.forward for operand in tape.inputs[id])][-1:] or first[-1:]
    if not first and not bad:
        return [Spot(root, looked.after[root], looked.after[root], True)]
    return [Spot(root, id, result, result in whole) for id in first for result in [result_of(tape, id, core)]]


def result_of(tape: ProgramTape, id: int, among: Collection[int]) -> int:
    """The last entry of the statement of an entry that was computed from it."""
    statement, chain = tape.statement(id), tape.key(id).chain
    result = id
    moved = True
    while moved:
        moved = False
        for user in tape.users[result]:
            if user in among and tape.statement(user) == statement and tape.key(user).chain == chain:
                result, moved = user, True
                break
    return result


def trusted_inputs(gradients: Gradients, looked: Looked, spot: Spot) -> Iterator[tuple[int, Match]]:
    """The gradients that a wrong statement uses."""
    tape = gradients.tape
    seen: set[int] = set()
    waiting = [spot.id, spot.result]
    statement = tape.statement(spot.id)
    while waiting:
        id = waiting.pop()
        if id in seen or id not in looked.labels or id in looked.forward:
            continue
        seen.add(id)
        if id not in (spot.id, spot.result) and tape.statement(id) != statement:
            found = gradients.matches(looked.labels[id])
            if found:
                yield id, found[0]
            continue
        waiting += tape.inputs[id]
