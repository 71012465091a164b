"""Which steps of a program are recorded, if not all: told by the passes of the loop that updates."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from pathlib import Path

from tracer.programs.process.stretches import Stretches
from tracer.programs.record import Ending, ProgramRecord
from tracer.programs.shadow import Shadow
from tracer.programs.steps.finding import find_training
from tracer.programs.steps.training import FoundTraining

MIN_STEPS = 2
"""Steps by which the loop is told."""


def stretches_of(path: Path, steps: Collection[int], loss: str | None = None) -> Stretches:
    """What records these steps of a program; its first steps are recorded too, until its loop is found."""
    return Stretches(steps, lambda record: _line_of_loop(path, record, loss))


def _line_of_loop(path: Path, shadow: Shadow, loss: str | None) -> int | None:
    """The line of the loop whose passes are the steps; None if it cannot be told yet."""
    training = find_training(_record_so_far(path, shadow), loss)
    if training is None or len(training.steps) < MIN_STEPS:
        return None
    return training.loop_line or None


def has_trained(path: Path, shadow: Shadow) -> bool:
    """Whether a running program has updated something by now."""
    return find_training(_record_so_far(path, shadow)) is not None


def _record_so_far(path: Path, shadow: Shadow) -> ProgramRecord:
    recorder = shadow.recorder
    return ProgramRecord(
        path, tuple(recorder.entries), recorder.marks, recorder.files, dict(shadow.unknown),
        frozenset(shadow.changed_outside), dict(shadow.left), tuple(shadow.passes), Ending(),
    )  # fmt: skip


def numbers_of(training: FoundTraining, *, has_gaps: bool) -> Sequence[int]:
    """The numbers of the steps in the run, from 0: those of the passes of the loop, if not all of them are on record."""
    counted = list(range(len(training.steps)))
    starts = [before for line, before in training.record.passes if line == training.loop_line]
    if not has_gaps or not starts:
        return counted
    numbers = [bisect_right(starts, min(step.updates.values())) - 1 for step in training.steps]
    return numbers if numbers == sorted(set(numbers)) else counted
