"""Where updates go wrong: the first statements whose inputs are right and whose result is not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.increments import increments, made_of_itself
from tracer.programs.gradients.matching import Gradients, Label, Looked, Match, parameter_label
from tracer.programs.gradients.tape import ProgramTape, Statement


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


def spots_of(attempt: Attempt, root: int) -> list[Spot]:
    """Where the gradient of a parameter, which its update does not follow, goes wrong."""
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    tape, behind = gradients.tape, looked.behind[root]
    whole = increments(tape, looked, root)
    chain = made_of_itself(tape, looked.after[root], looked.before[root], behind)
    right = _right(gradients, looked, root, whole, chain)
    carries: set[int] = set()
    for id in sorted(behind):
        is_gradient = id in looked.labels and id not in chain and bool(gradients.matches(looked.labels[id]))
        if is_gradient or any(operand in carries for operand in tape.inputs[id]):
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
        first = _touching(tape, looked, core)[:1] or first[-1:]
    if not first and not bad:
        return [Spot(root, looked.after[root], looked.after[root], True)]
    once = {tape.key(id): id for id in reversed(first)}  # of those of one code position, the first
    return [Spot(root, id, result, result in whole) for id in sorted(once.values()) for result in [result_of(tape, id, core)]]


def _touching(tape: ProgramTape, looked: Looked, among: Collection[int]) -> list[int]:
    """The entries that are computed of outputs and data, if nothing before them is a gradient: there the error belongs."""
    touching = [id for id in sorted(among) if any(operand in looked.forward for operand in tape.inputs[id])]
    with_data = [
        id for id in touching if any(operand not in looked.forward and operand not in among for operand in tape.inputs[id])
    ]
    return with_data or touching


def _right(gradients: Gradients, looked: Looked, root: int, whole: Collection[int], chain: Collection[int]) -> set[int]:
    """The values that are gradients, or sums of what several operations contribute to one.

    What is added to the parameter, `whole`, has to be the gradient of the parameter.
    """
    tape, target = gradients.tape, (parameter_label(root), None)
    right: set[int] = set()
    parts: dict[int, set[tuple[Label, float]]] = {}
    for id in sorted(looked.behind[root]):
        if id in chain or id not in looked.labels:
            continue
        found = gradients.matches(looked.labels[id])
        if found and (
            id not in whole or any(each.target == target for each in found) or _updates_another(gradients, looked, root, id)
        ):
            right.add(id)
        mine = {(each.target[0], float(f"{each.factor:.5g}")) for each in found}
        if tape.op(id) in ("add", "write"):
            summed = [parts[operand] for operand in tape.inputs[id] if operand in parts]
            others = [operand for operand in tape.inputs[id] if operand not in parts and np.any(tape.value(operand))]
            if summed and not [one for one in others if one not in tape.inputs[id][2:]]:
                mine |= set.intersection(*summed)
        elif tape.op(id) in ("take", "copy") and tape.inputs[id][0] in parts:
            mine |= parts[tape.inputs[id][0]]
        if mine:
            parts[id] = mine
            if id not in whole:
                right.add(id)
    return right


def _updates_another(gradients: Gradients, looked: Looked, root: int, id: int) -> bool:
    """Whether a value is the gradient of another parameter, and updates that one too: it is right, in the wrong place."""
    for other, behind in looked.behind.items():
        if other != root and id in behind:
            target = parameter_label(other), None
            if gradients.matches_of(looked.labels[id], [target]):
                return True
    return False


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
                # Rather of a value between than of a bias, which has the same gradient where a batch is one sample.
                yield id, min(found, key=lambda each: _preference(tape, looked, each))
            continue
        waiting += tape.inputs[id]


def _preference(tape: ProgramTape, looked: Looked, match: Match) -> tuple[bool, bool, bool]:
    of, rule = match.target
    return rule is not None, of[0].op == "parameter", not tape.name(looked.ids[of])
