"""Steps in which the program does not compute its loss: it is computed again for them, with their values."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from tracer.graph.record import Literal
from tracer.programs.gradients.attempts import Program
from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.steps.added import Addition
from tracer.programs.steps.training import FoundStep
from tracer.programs.values import same_bits

MAX_ADDED = 300_000
"""Operations that are added to compute losses."""

_Label = tuple[Key, int]


def losses_elsewhere(program: Program, addition: Addition, steps: Sequence[FoundStep]) -> list[FoundStep]:
    """The steps in order, with those that no loss measures; their loss is that of the step before, at their parameters."""
    missing = list(_missing(program, steps))
    if not missing:
        return list(steps)
    found = list(steps)
    places = _Places(program)
    for updates in missing:
        first = min(updates.values())
        before = [step for step in steps if max(step.updates.values()) < first]
        template = before[-1] if before else steps[0]
        loss = _computed_again(program, addition, template, updates, places)
        if loss is not None:
            found.append(FoundStep(loss, updates, 0))
        if len(addition) - addition.start > MAX_ADDED:
            break
    return sorted(found, key=lambda step: max(step.updates.values()))


def _missing(program: Program, steps: Sequence[FoundStep]) -> Iterator[dict[int, int]]:
    """The updates of parameters that no step has, grouped into steps."""
    roots = {program.updates.roots[old] for step in steps for old in step.updates}
    known = {old for step in steps for old in step.updates}
    ends = sorted(max(step.updates.values()) for step in steps)
    updates: dict[int, int] = {}
    group: set[int] = set()
    end = 0
    for old, new in sorted(program.updates.following.items(), key=lambda each: each[1]):
        root = program.updates.roots[old]
        if root not in roots or old in known:
            continue
        passed = any(end < each < new for each in ends) if updates else False
        if updates and (root in group or passed):
            yield updates
            updates, group = {}, set()
        updates[old] = end = new
        group.add(root)
    if updates:
        yield updates


def _computed_again(
    program: Program,
    addition: Addition,
    template: FoundStep,
    updates: Mapping[int, int],
    places: _Places,
) -> int | None:
    """The loss of a step, computed as that of another one; None if that cannot be done."""
    tape = program.tape
    end = min(updates.values())
    values = _values_at(program, updates, end)
    if template.loss >= len(tape):
        return None  # it was added itself
    mine = places.labels(places.start(end), end)
    theirs = {id: label for label, id in places.labels(places.start(template.loss), template.loss + 1).items()}
    new: dict[int, int] = {}
    data: set[int] = set()
    reached = _behind(program, template.loss)
    for id in sorted(reached):
        root = program.updates.roots.get(id)
        if id in program.cut and root is not None:
            if root not in values:
                return None
            new[id] = values[root]
            continue
        operands = tape.operands(id)
        op = tape.op_class(id)
        if all(isinstance(each, Literal) or each in data for each in operands):
            data.add(id)  # computed without a parameter
            if (entered := places.entered_again(id, end)) is not None:
                new[id] = entered
                continue
        moved = [each if isinstance(each, Literal) else new.get(each, each) for each in operands]
        twin = mine.get(theirs[id]) if id in theirs else None
        if twin is not None and np.shape(tape.raw(twin)) == np.shape(tape.raw(id)) and _is_computed_of(addition, twin, moved):
            new[id] = twin
            continue
        if op is None or moved == list(operands):
            continue
        try:
            new[id] = addition.compute(op, moved, tape.record.entries[id][2], like=id)
        except Exception:  # an operation may raise anything on values of another shape
            return None
    return new.get(template.loss)


def _is_computed_of(addition: Addition, id: int, operands: Sequence[int | Literal]) -> bool:
    """Whether an entry was computed of the same values: not with other parameters, as in a step before."""
    own = addition.operands(id)
    return len(own) == len(operands) and all(
        first == second
        if isinstance(first, Literal) or isinstance(second, Literal)
        else first == second or same_bits(addition.value(first), addition.value(second))
        for first, second in zip(own, operands, strict=True)
    )


def _behind(program: Program, loss: int) -> Collection[int]:
    return program.tape.ancestors([loss], stop=program.cut)


def _values_at(program: Program, updates: Mapping[int, int], end: int) -> dict[int, int]:
    """The value of each parameter when a step begins."""
    found = {program.updates.roots[old]: old for old in updates}
    for id in sorted(program.cut):
        root = program.updates.roots[id]
        if id < end and root not in {program.updates.roots[old] for old in updates}:
            found[root] = id
    return found


def _content(tape: ProgramTape, id: int) -> object:
    value = tape.value(id)
    return value.shape, value.dtype, value.tobytes()


class _Places:
    """The entries of parts of the tape by their code position, and the how manieth time they are there."""

    def __init__(self, program: Program) -> None:
        self._keys = [program.tape.key(id) for id in range(len(program.tape))]
        self._updated = sorted(
            new for old, new in program.updates.following.items() if program.updates.roots[old] in program.roots
        )
        self._known: dict[tuple[int, int], dict[_Label, int]] = {}
        self._tape = program.tape
        self._entered: dict[object, list[int]] = defaultdict(list)
        for id in range(min(program.tape.record.gaps, default=len(program.tape)), len(program.tape)):
            if program.tape.op_class(id) is None and id not in program.updates.roots and program.tape.value(id).ndim:
                self._entered[_content(program.tape, id)].append(id)

    def start(self, end: int) -> int:
        """Where the part before an entry starts: behind the last update of a parameter."""
        place = bisect_left(self._updated, end)
        return self._updated[place - 1] + 1 if place else 0

    def entered_again(self, id: int, end: int) -> int | None:
        """The data of an entry, if they entered the record once more behind a gap and before another entry; else None."""
        if not self._entered:  # there is no gap
            return None
        found = [each for each in self._entered.get(_content(self._tape, id), ()) if id < each < end]
        return found[-1] if found else None

    def labels(self, start: int, end: int) -> dict[_Label, int]:
        """The entries of a part by their labels."""
        if (start, end) not in self._known:
            counts: Counter[Key] = Counter()
            found: dict[_Label, int] = {}
            for id in range(start, end):
                key = self._keys[id]
                found[key, counts[key]] = id
                counts[key] += 1
            self._known[start, end] = found
        return self._known[start, end]
