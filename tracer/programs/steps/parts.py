"""Which operations of a program belong to a step, and what the step starts from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.programs.found import FoundStep, FoundTraining, Uses
from tracer.programs.record import ProgramRecord

_INDEXING = frozenset({"take", "write", "write_view"})


class Tape:
    """The tape of a program, with what is asked of it for every step."""

    def __init__(self, record: ProgramRecord, training: FoundTraining) -> None:
        self.record = record
        self.training = training
        self.uses = Uses(record)
        self.versions = {id: name for name, chain in training.parameters.items() for id in chain}
        """The name of the parameter that a value is a version of."""
        self.depends = self._dependents()
        """The values that were computed from a parameter."""

    def op(self, id: int) -> str:
        """The name of an operation, or the kind of a leaf."""
        op = self.record.entries[id][0]
        return op if isinstance(op, str) else op.name

    def is_leaf(self, id: int) -> bool:
        """Whether nothing on record computed the value."""
        return isinstance(self.record.entries[id][0], str)

    def shape(self, id: int) -> tuple[int, ...]:
        """The shape of a value."""
        return np.shape(self.record.values[id])

    def _dependents(self) -> frozenset[int]:
        found = set(self.versions)
        for id in range(len(self.record.entries)):
            if any(operand in found for operand in self.record.inputs(id)):
                found.add(id)
        return frozenset(found)


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


def parts_of(tape: Tape, step: FoundStep) -> StepParts:
    """The parts of a step."""
    leaves: dict[int, None] = {}
    start = _start(tape, step)
    made_of = _ancestors(tape, [step.loss], start, tape.versions, leaves)
    in_forward = frozenset(leaves)
    new = set(step.updates.values())
    updating = _ancestors(tape, sorted(new), start, tape.versions.keys() - new, leaves, stop=made_of)
    inside = made_of | updating
    kinds = {leaf: _kind(tape, leaf, in_forward, inside) for leaf in leaves}
    return StepParts(step, sorted(made_of), sorted(updating), kinds)


def _start(tape: Tape, step: FoundStep) -> int:
    """The first entry of a step: before the previous update, if what the loss is made of was computed there."""
    if step.loss >= step.start:
        return step.start
    return min((user for old in step.updates for user in tape.uses.users[old] if user <= step.loss), default=step.start)


def _ancestors(
    tape: Tape, roots: Sequence[int], start: int, cut: Collection[int], leaves: dict[int, None], stop: Collection[int] = ()
) -> set[int]:
    """What values are made of, in a step that begins at `start`; what was there before it is added to `leaves`."""
    found, waiting = set(roots), list(roots)
    while waiting:
        for operand in tape.record.inputs(waiting.pop()):
            if operand in found or operand in stop:
                continue
            if operand < start or operand in cut or tape.is_leaf(operand):
                leaves[operand] = None
            else:
                found.add(operand)
                waiting.append(operand)
    return found


def _kind(tape: Tape, leaf: int, in_forward: Collection[int], inside: Collection[int]) -> str:
    """The kind of a value that a step starts from."""
    value = tape.record.values[leaf]
    if leaf in tape.versions:
        return "parameter"
    users = [user for user in tape.uses.users[leaf] if user in inside]
    is_kept = leaf in tape.depends or (leaf not in in_forward and _becomes_state(tape, users, leaf))
    if not isinstance(value, np.ndarray):
        if any(tape.op(user) in _INDEXING for user in users):
            return "constant"
        return "state" if is_kept else "hyperparameter"
    if is_kept:
        return "state"
    return "data" if value.ndim or leaf in in_forward else "constant"


def _becomes_state(tape: Tape, users: Sequence[int], leaf: int) -> bool:
    """Whether later steps have something that they computed where this one has a value from before: momentum starts as zeros."""
    for user in users:
        for position, operand in enumerate(tape.record.entries[user][1]):
            if operand == leaf:
                same_place = tape.uses.slots[tape.uses.place_of[user], position]
                later = same_place[same_place.index(user) + 1 :][:1]
                if any(tape.record.entries[each][1][position] in tape.depends for each in later):
                    return True
    return False
