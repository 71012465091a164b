"""What a program trains: its parameters, its loss, and its steps, by the ids of the record."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.programs.record import ProgramRecord
from tracer.recording.source import Invocation, assigned_at

LOSS_NAMES = re.compile(r"(?i)(.*(loss|cost|error|err|mse|mae|nll|objective|obj|energy|entropy).*|J|E|L|e|C)\d*")
"""Names of variables that hold a loss."""

_SELF = frozenset({"add", "subtract", "multiply", "divide", "write", "write_view", "copy", "clip", "where", "astype"})
"""Operations through which a value is made of itself."""

_MAX_PATH = 300
"""Operations between two versions of a parameter."""


@dataclass(frozen=True, slots=True)
class FoundStep:
    """A pass of the loop that updates: its loss, and the new version of each parameter by the old one.

    `start` is the number of entries before it.
    """

    loss: int
    updates: Mapping[int, int]
    start: int


@dataclass(frozen=True, slots=True)
class FoundTraining:
    """The parameters of a program by name with all of their versions, its steps, and the line of the loop of steps (0: none)."""

    loss_name: str
    parameters: Mapping[str, Sequence[int]]
    steps: Sequence[FoundStep]
    loop_line: int = 0


class Uses:
    """Where each value is used: the places in the code, the same for every pass of a loop."""

    def __init__(self, record: ProgramRecord) -> None:
        self._chains: dict[Invocation, int] = {}
        self._known: dict[tuple[int, int, int], int] = {}
        self.place_of: list[tuple[int, int, int]] = []
        self.users: dict[int, list[int]] = defaultdict(list)
        self.slots: dict[tuple[tuple[int, int, int], int], list[int]] = defaultdict(list)
        last: tuple[int, int] | None = None
        ordinal = 0
        for id, (op, operands, _, _, context, offset) in enumerate(record.entries):
            here = self._chain(context.invocation), offset
            if isinstance(op, str):  # not counted: it enters with its first use only
                self.place_of.append((*here, -1))
                continue
            ordinal = ordinal + 1 if here == last else 0
            last = here
            place = (*here, ordinal)
            self.place_of.append(place)
            for position, operand in enumerate(operands):
                if isinstance(operand, int):
                    self.users[operand].append(id)
                    self.slots[place, position].append(id)

    def _chain(self, invocation: Invocation | None) -> int:
        if invocation is None:
            return -1
        if invocation not in self._chains:
            key = self._chain(invocation.caller), id(invocation.code), invocation.call_offset
            self._chains[invocation] = self._known.setdefault(key, len(self._known))
        return self._chains[invocation]


def find_training(record: ProgramRecord, loss: str | None = None) -> FoundTraining | None:
    """Find the loss, the parameters and the steps; None if there are none. `loss` is the name of the loss."""
    uses = Uses(record)
    pairs = _pairs(record, uses)
    losses = _losses(record, loss)
    while True:
        reached = _reached(record, losses, pairs)
        kept = _updated(reached, pairs)
        if kept == pairs or not kept:
            break
        pairs = kept
    if not pairs:
        return None
    _add_last(record, uses, pairs)
    return _training(record, pairs, reached)


def _shape(record: ProgramRecord, id: int) -> tuple[int, ...]:
    return np.shape(record.values[id])


def _is_self(record: ProgramRecord, id: int) -> bool:
    op = record.entries[id][0]
    return not isinstance(op, str) and op.name in _SELF


def _pairs(record: ProgramRecord, uses: Uses) -> dict[int, int]:
    """Values that are made of themselves and then used in the same place: the new one by the old one."""
    pairs: dict[int, int] = {}
    for (_, position), users in uses.slots.items():
        before: int | None = None
        for user in users:
            operand = record.entries[user][1][position]
            assert isinstance(operand, int)
            if _is_self(record, user) and _shape(record, user) == _shape(record, operand):
                continue
            if before is not None and operand > before and _is_made_of(record, operand, before):
                pairs[before] = min(operand, pairs.get(before, operand))
            before = operand
    return pairs


def _is_made_of(record: ProgramRecord, new: int, old: int) -> bool:
    shape, waiting, seen = _shape(record, old), [new], {new}
    while waiting and len(seen) < _MAX_PATH:
        id = waiting.pop()
        if not _is_self(record, id):
            continue
        for operand in record.inputs(id):
            if operand == old:
                return True
            if operand > old and operand not in seen and _shape(record, operand) == shape:
                seen.add(operand)
                waiting.append(operand)
    return False


def _add_last(record: ProgramRecord, uses: Uses, pairs: dict[int, int]) -> None:
    """Add the last update of each parameter, whose result no forward pass uses."""
    places = {uses.place_of[new] for new in pairs.values()}
    for last in [new for new in pairs.values() if new not in pairs]:
        following = [id for id in uses.users[last] if uses.place_of[id] in places and _is_self(record, id)]
        if following and _shape(record, following[-1]) == _shape(record, last):
            pairs[last] = following[-1]


def _losses(record: ProgramRecord, name: str | None) -> dict[int, str]:
    """The values that may be losses, with their names."""
    found = {}
    for id, (op, _, _, value, context, offset) in enumerate(record.entries):
        if isinstance(op, str) or np.size(value) != 1 or np.asarray(value).dtype.kind != "f" or id in record.marks.unnamed:
            continue
        known = assigned_at(record.files, context.invocation, offset).name
        if known and (known == name if name is not None else LOSS_NAMES.fullmatch(known)):
            found[id] = known
    return found


def _reached(record: ProgramRecord, losses: Mapping[int, str], pairs: Mapping[int, int]) -> dict[int, set[int]]:
    """The versions of parameters that each loss is made of."""
    versions = {*pairs, *pairs.values()}
    reached = {}
    for loss in losses:
        found: set[int] = set()
        waiting, seen = [loss], {loss}
        while waiting:
            for operand in record.inputs(waiting.pop()):
                if operand in versions:
                    found.add(operand)
                elif operand not in seen:
                    seen.add(operand)
                    waiting.append(operand)
        reached[loss] = found
    return reached


def _updated(reached: Mapping[int, set[int]], pairs: Mapping[int, int]) -> dict[int, int]:
    """The pairs of which a loss is made of the old one and not of the new one, and none of both."""
    before: set[int] = set()
    both: set[int] = set()
    for found in reached.values():
        for old in found:
            if old in pairs:
                (both if pairs[old] in found else before).add(old)
    return {old: new for old, new in pairs.items() if old in before and old not in both}


def _training(record: ProgramRecord, pairs: Mapping[int, int], reached: Mapping[int, set[int]]) -> FoundTraining:
    chains: list[list[int]] = []
    ends: dict[int, list[int]] = {}
    for old, new in sorted(pairs.items()):
        chain = ends.pop(old, None)
        if chain is None:
            chain = [old]
            chains.append(chain)
        chain.append(new)
        ends[new] = chain
    steps: dict[tuple[int, ...], FoundStep] = {}
    start = 0
    names = _losses(record, None)
    for loss, found in reached.items():
        updates = {old: pairs[old] for old in sorted(found) if old in pairs}
        if updates:
            steps[tuple(updates)] = FoundStep(loss, updates, 0)
    ordered = sorted(steps.values(), key=lambda step: max(step.updates.values()))
    placed = []
    for step in ordered:
        placed.append(FoundStep(step.loss, step.updates, start))
        start = max(step.updates.values()) + 1
    loop_line = _loop_line(record, placed)
    if placed:
        placed[0] = FoundStep(placed[0].loss, placed[0].updates, _first_start(record, placed[0], loop_line))
    parameters: dict[str, Sequence[int]] = {}
    for chain in chains:
        place = record.entries[chain[1]][4].invocation
        name = assigned_at(record.files, place, record.entries[chain[1]][5]).name or f"parameter {len(parameters) + 1}"
        while name in parameters:
            name += "'"
        parameters[name] = chain
    loss_name = names.get(placed[0].loss, "") if placed else ""
    return FoundTraining(loss_name, parameters, placed, loop_line)


def _loop_line(record: ProgramRecord, steps: Sequence[FoundStep]) -> int:
    """The line of the loop whose passes are the steps; 0 if there is none."""
    if len(steps) < 2:
        return 0
    return next((line for line, before in record.passes if before >= steps[1].start), 0)


def _first_start(record: ProgramRecord, step: FoundStep, loop_line: int) -> int:
    """Where the first step starts: at a pass of the loop."""
    end = min(step.loss, *step.updates.values())
    return max((before for line, before in record.passes if line == loop_line and before <= end), default=0)
