"""Which steps of a program are recorded, if not all: told by the passes of the loop that updates."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path

from tracer.programs.process.stretches import Loop, Stretches
from tracer.programs.record import Ending, ProgramRecord
from tracer.programs.shadow import Shadow
from tracer.programs.steps.finding import find_training
from tracer.programs.steps.training import FoundTraining

MIN_STEPS = 2
"""Steps by which the loop is told."""

NO_NUMBER = -1

MIN_PASSES = 4
"""Passes that have ended by which the steps in a pass are told; the losses of two networks are told apart by so many."""

LONG = 20_000
"""Operations after which fewer passes will do."""


def stretches_of(path: Path, steps: Collection[int], loss: str | None = None) -> Stretches:
    """What records these steps of a program; its first steps are recorded too, until its loop is found."""
    return Stretches(steps, lambda record: _loop(path, record, loss))


def _loop(path: Path, shadow: Shadow, loss: str | None) -> Loop | None:
    """The loop whose passes are the steps; None if it cannot be told yet."""
    training = find_training(_record_so_far(path, shadow), loss)
    if training is None or len(training.steps) < MIN_STEPS or not training.loop_line:
        return None
    ended = passes_counted(training) - 1
    if ended < (MIN_PASSES if len(shadow.recorder.entries) < LONG else MIN_STEPS):
        return None
    # The updates of the last pass are known when the next one has used them.
    counts = Counter(_passes(training))
    found = {counts[number] for number in range(ended - 1)}
    # Where passes differ, the number of a step does not say in which it is: everything is recorded.
    return Loop(training.loop_line, counts[0]) if len(found) == 1 and counts[0] else None


def has_trained(path: Path, shadow: Shadow) -> bool:
    """Whether a running program has updated something by now."""
    return find_training(_record_so_far(path, shadow)) is not None


def _record_so_far(path: Path, shadow: Shadow) -> ProgramRecord:
    recorder = shadow.recorder
    return ProgramRecord(
        path, tuple(recorder.entries), recorder.marks, recorder.files, dict(shadow.unknown),
        frozenset(shadow.changed_outside), dict(shadow.left), tuple(shadow.passes), Ending(), gaps=tuple(shadow.gaps),
    )  # fmt: skip


def passes_counted(training: FoundTraining) -> int:
    """The passes of the loop that were counted until the program ended, or the record."""
    return len(_starts(training)) or len(training.steps)


def last_counted(training: FoundTraining) -> int | None:
    """The number of the last step that the program came to; None if it cannot be told, as passes have not one step each."""
    starts = _starts(training)
    # Those before the first pass in which nothing was recorded, without the last of them, which may be a part of one.
    ended = next((number for number, (one, other) in enumerate(pairwise(starts)) if one == other), len(starts)) - 1
    counts = Counter(_passes(training))
    return len(starts) - 1 if {counts[number] for number in range(ended)} == {1} else None


def numbers_of(training: FoundTraining) -> Sequence[int]:
    """The numbers of the steps in the run, from 0: by the passes of the loop, if not all of them are on record.

    NO_NUMBER is that of a step of which it cannot be told.
    """
    counted = list(range(len(training.steps)))
    gaps = training.record.gaps
    if not gaps:
        return counted
    passes = _passes(training)
    steps = Counter(passes)[0]
    before: Counter[int] = Counter()
    numbers = []
    for place, each in enumerate(passes):
        is_early = min(training.steps[place].updates.values()) < gaps[0]
        numbers.append(place if is_early else each * steps + before[each] if before[each] < steps else NO_NUMBER)
        before[each] += 1
    return numbers


def _passes(training: FoundTraining) -> list[int]:
    """The pass of the loop that each step is in, from 0."""
    starts = _starts(training)
    return [bisect_right(starts, min(step.updates.values())) - 1 for step in training.steps]


def _starts(training: FoundTraining) -> list[int]:
    """The number of entries before each pass of the loop."""
    return [before for line, before in training.record.passes if line == training.loop_line]
