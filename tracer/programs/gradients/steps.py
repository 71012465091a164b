"""The steps that are looked at: a loss, and the updates that start from the values of parameters it was computed with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from tracer.programs.gradients.losses import is_total_name, last_name
from tracer.programs.gradients.tape import ProgramTape
from tracer.programs.gradients.updates import Updates, made_of

MAX_STEPS = 6
"""Steps that are looked at."""

MAX_BEHIND = 256
"""Values of parameters behind an entry that are remembered."""

_LINEAR = frozenset(
    {"add", "subtract", "divide", "multiply", "negative", "squeeze", "copy", "positive", "astype", "item", "reshape", "array"}
)


@dataclass(frozen=True, slots=True)
class Step:
    """Seeds whose gradients are the truth, the values of parameters, and the updated values by these."""

    seeds: dict[int, np.ndarray]
    updated: dict[int, int]


def parameters_behind(tape: ProgramTape, updates: Updates, roots: Collection[int]) -> list[frozenset[int]]:
    """For each entry, the values of parameters that it was computed from directly: the latest of them, if they are many."""
    found: list[frozenset[int]] = []
    for id, operands in enumerate(tape.inputs):
        if updates.roots.get(id) in roots:
            found.append(frozenset((id,)))
            continue
        behind = frozenset[int]()
        for operand in operands:
            more = found[operand]
            if not more <= behind:
                behind = more if behind <= more else behind | more
        found.append(behind if len(behind) <= MAX_BEHIND else frozenset(sorted(behind)[-MAX_BEHIND:]))
    return found


def versions_used(tape: ProgramTape, losses: Sequence[int], updates: Updates) -> dict[int, set[int]]:
    """The values of variables that each loss was computed with directly, where they are updated later."""
    found: dict[int, set[int]] = {}
    for position, loss in enumerate(losses):
        earlier = losses[position - 1] if position else -1
        mine = _running_total(tape, loss)
        hit: set[int] = set()
        seen = {loss}
        waiting = [-loss]  # the latest first: when a value is met, it is known whether the loss depends on the next one
        while waiting:
            id = -heappop(waiting)
            root = updates.roots.get(id)
            if root is not None and id not in mine and id != loss and tape.is_number(id):
                later = updates.following.get(id)
                if later is None and root <= earlier:
                    continue  # the last value of a variable that is older than this step
                if later is not None and (later > loss or later not in seen):
                    hit.add(id)
                    continue
            for operand in tape.inputs[id]:
                if operand not in seen:
                    seen.add(operand)
                    heappush(waiting, -operand)
        found[loss] = hit
    return found


def _running_total(tape: ProgramTape, loss: int) -> set[int]:
    """The entries of a loss that is added up: their values are no parameters."""
    found: set[int] = set()
    waiting = [loss]
    while waiting:
        id = waiting.pop()
        if id in found or tape.value(id).size != 1:
            continue
        if id != loss and tape.name(id) and not is_total_name(last_name(tape.name(id))):
            continue
        found.add(id)
        if id == loss or tape.op(id) in _LINEAR:
            waiting += tape.inputs[id]
    return {id for id in found if id == loss or tape.name(id)}


def parameter_roots(tape: ProgramTape, used: dict[int, set[int]], updates: Updates) -> set[int]:
    """The variables that are parameters: a loss depends on a value, and not on the next one."""
    roots = set()
    for loss, versions in used.items():
        behind: set[int] | None = None
        for version in versions:
            later = updates.following.get(version)
            root = updates.roots[version]
            if later is None or root in roots:
                continue
            if later < loss:
                behind = tape.ancestors([loss]) if behind is None else behind
                if later in behind:
                    continue
            if _moves(tape, updates, version) and not _is_average(tape, version, later):
                roots.add(root)
    return roots


def _moves(tape: ProgramTape, updates: Updates, version: int) -> bool:
    """Whether a variable moves by something else each time, and is no counter."""
    changes: list[np.ndarray] = []
    later = updates.following.get(version)
    while later is not None and len(changes) < 8:
        before, after = tape.value(version), tape.value(later)
        if before.shape != after.shape:
            return True
        changes.append(after.astype(np.float64) - before)
        version, later = later, updates.following.get(later)
    sizes = [float(np.linalg.norm(change)) for change in changes]
    alike = all(np.linalg.norm(change - changes[0]) <= 1e-9 * max(sizes[0], 1e-300) for change in changes)
    return len(changes) < 2 or not alike


def states(tape: ProgramTape, updates: Updates, roots: Collection[int], used: Sequence[Collection[int]]) -> set[int]:
    """The variables of these that are added to another one in its update: velocities. A loss at a point ahead depends on them.

    `used` are the values that losses were computed with: the new velocity is added, where a loss was computed with the old one.
    """
    found = set()
    preceding = {after: before for before, after in updates.following.items()}
    for before, after in updates.following.items():
        root = updates.roots[before]
        if root not in roots or root in found:
            continue
        waiting, seen = [after], set[int]()
        while waiting and len(seen) < 32:
            id = waiting.pop()
            if id in seen or id <= before:
                continue
            seen.add(id)
            other = updates.roots.get(id)
            if other is not None and other != root and other in roots and tape.value(id).shape == tape.value(after).shape:
                if any(before in values and preceding.get(id) in values for values in used):
                    found.add(other)
            elif id == after or tape.op(id) in _LINEAR:
                waiting += tape.inputs[id]
    return found


def _is_average(tape: ProgramTape, before: int, after: int) -> bool:
    """Whether a value is a moving average: a part of the old one, and the rest of something else."""
    waiting, seen = [after], set[int]()
    while waiting and len(seen) < 32:
        id = waiting.pop()
        if id in seen or id < before:
            continue
        seen.add(id)
        parts = [_scaled(tape, operand) for operand in tape.inputs[id]] if tape.op(id) == "add" else []
        if len(parts) == 2 and None not in parts and abs(sum(each[1] for each in parts if each) - 1) < 1e-9:
            return True
        waiting += made_of(tape, id)
    return False


def _scaled(tape: ProgramTape, id: int) -> tuple[int, float] | None:
    """A value and the number by which it is multiplied."""
    if tape.op(id) != "multiply":
        return None
    number, of = None, None
    for operand in tape.operands(id):
        if not isinstance(operand, int):
            number = operand.value
        elif not tape.value(operand).shape and not tape.inputs[operand]:
            number = float(tape.value(operand))
        else:
            of = operand
    return (of, float(number)) if of is not None and isinstance(number, (int, float)) else None


def steps_of(
    used: Mapping[int, Collection[int]],
    updates: Updates,
    roots: Collection[int],
    seeds: Mapping[int, tuple[int, np.ndarray]],
    *,
    add_up: bool = False,
) -> list[Step]:
    """A step for each set of updates that are measured by the same loss; with `add_up`, by the sum of all losses before it.

    `seeds` has, for each loss, the entry and its gradient that the truth starts from.
    """
    measured: dict[int, list[int]] = defaultdict(list)
    for loss, versions in used.items():
        for version in versions:
            if updates.roots[version] in roots and version in updates.following:
                measured[version].append(loss)
    together: dict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
    for version, losses in sorted(measured.items()):
        after = updates.following[version]
        before = [loss for loss in losses if loss < after]
        chosen = tuple(before) if add_up and before else (max(before) if before else min(losses),)
        together[chosen][version] = after
    return [
        Step(dict(seeds[loss] for loss in losses), updated)
        for losses, updated in sorted(together.items(), key=lambda each: min(each[1].values()))
    ]


def chosen_steps(steps: Sequence[Step]) -> list[Step]:
    """A few steps: the first ones, and some further on."""
    if not steps:
        return []
    counts = Counter(len(step.updated) for step in steps)
    most = max(counts, key=lambda count: (counts[count], count))
    whole = [step for step in steps if len(step.updated) == most]
    places = sorted({0, 1, 2, 3, len(whole) // 3, 2 * len(whole) // 3} & set(range(len(whole))))
    return [whole[place] for place in places[:MAX_STEPS]]
