"""Which operations of a program belong to a step, and what the step starts from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.steps.training import FoundStep, FoundTraining

_INDEXING = frozenset({"take", "write", "write_view"})


class StepTape(ProgramTape):
    """The tape of a program, with what is asked of it for every step."""

    def __init__(self, training: FoundTraining) -> None:
        super().__init__(training.record)
        self.training = training
        self.versions = {id: name for name, chain in training.parameters.items() for id in chain}
        """The name of the parameter that a value is a version of."""

    @cached_property
    def depends(self) -> frozenset[int]:
        """The values that were computed from a parameter."""
        found = set(self.versions)
        for id, operands in enumerate(self.inputs):
            if any(operand in found for operand in operands):
                found.add(id)
        return frozenset(found)

    @cached_property
    def uses(self) -> Mapping[tuple[Key, int], Sequence[int]]:
        """The operations at each code position, by the position of an operand too."""
        found: dict[tuple[Key, int], list[int]] = defaultdict(list)
        for id in range(len(self)):
            key = self.key(id)
            for position, operand in enumerate(self.operands(id)):
                if isinstance(operand, int):
                    found[key, position].append(id)
        return found

    def is_leaf(self, id: int) -> bool:
        """Whether nothing on record computed the value."""
        return self.op_class(id) is None

    def shape(self, id: int) -> tuple[int, ...]:
        """The shape of a value."""
        return np.shape(self.raw(id))


@dataclass(frozen=True, slots=True)
class StepParts:
    """What a step consists of, as ids of the tape.

    `made_of` are the operations that the loss is made of, the loss itself last; `updating` all others that the new values of the
    parameters are made of; both in the order of the program. `leaves` has the kind of each value that the step starts from.
    """

    step: FoundStep
    made_of: Sequence[int]
    updating: Sequence[int]
    leaves: Mapping[int, str]


def parts_of(tape: StepTape, step: FoundStep) -> StepParts:
    """The parts of a step."""
    leaves: dict[int, None] = {}
    start = _start(tape, step)
    made_of = _ancestors(tape, [step.loss], start, tape.versions, leaves)
    in_forward = frozenset(leaves)
    new = set(step.updates.values())
    updating = _ancestors(tape, sorted(new), start, tape.versions.keys() - new, leaves, stop=made_of)
    leaves.update(dict.fromkeys(step.updates))  # one that was changed through another name of it is on no path
    inside = made_of | updating
    kinds = {leaf: _kind(tape, step, leaf, in_forward, inside) for leaf in leaves}
    return StepParts(step, sorted(made_of), sorted(updating), kinds)


def _start(tape: StepTape, step: FoundStep) -> int:
    """The first entry of a step: before the previous update, if what the loss is made of was computed there."""
    if step.loss >= step.start:
        return step.start
    return min((user for old in step.updates for user in tape.users[old] if user <= step.loss), default=step.start)


def _ancestors(
    tape: StepTape, roots: Sequence[int], start: int, cut: Collection[int], leaves: dict[int, None], stop: Collection[int] = ()
) -> set[int]:
    """What values are made of, in a step that begins at `start`; what was there before it is added to `leaves`."""
    found, waiting = set(roots), list(roots)
    while waiting:
        for operand in tape.inputs[waiting.pop()]:
            if operand in found or operand in stop:
                continue
            if operand < start or operand in cut or tape.is_leaf(operand):
                leaves[operand] = None
            else:
                found.add(operand)
                waiting.append(operand)
    return found


def _kind(tape: StepTape, step: FoundStep, leaf: int, in_forward: Collection[int], inside: Collection[int]) -> str:
    """The kind of a value that a step starts from."""
    value = tape.raw(leaf)
    if leaf in tape.versions:
        return "parameter"
    users = [user for user in tape.users[leaf] if user in inside]
    is_kept = leaf in tape.depends or (leaf not in in_forward and _becomes_state(tape, step, users, leaf))
    if not isinstance(value, np.ndarray):
        if any(tape.op(user) in _INDEXING for user in users):
            return "constant"
        return "state" if is_kept else "hyperparameter"
    if is_kept:
        return "state"
    return "data" if value.ndim or leaf in in_forward else "constant"


def _becomes_state(tape: StepTape, step: FoundStep, users: Sequence[int], leaf: int) -> bool:
    """Whether the next step has something that was computed where this one has a value from before: momentum starts as zeros."""
    start, end = step.start, max(step.updates.values())
    for user in users:
        for position, operand in enumerate(tape.operands(user)):
            if operand == leaf:
                uses = tape.uses[tape.key(user), position]
                place = bisect_right(uses, end) + bisect_left(uses, user) - bisect_left(uses, start)
                if place < len(uses) and tape.operands(uses[place])[position] in tape.depends:
                    return True
    return False
