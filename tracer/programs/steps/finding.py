"""Finds what a program trains, as a check of its gradients does: the loss, the parameters, the steps."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Attempt, Program, likeliest
from tracer.programs.gradients.checking import cover_together, is_good, without_parts
from tracer.programs.gradients.losses import last_name
from tracer.programs.gradients.naming import parameter_name
from tracer.programs.gradients.places.nothing import why_nothing
from tracer.programs.gradients.report import LossKind
from tracer.programs.gradients.single_pass import program_of, with_single_updates
from tracer.programs.gradients.steps import steps_of
from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.record import ProgramRecord
from tracer.programs.steps.added import Addition
from tracer.programs.steps.elsewhere import losses_elsewhere
from tracer.programs.steps.last_updates import with_gaps, with_last_updates
from tracer.programs.steps.terms import passes_of, split_by_terms
from tracer.programs.steps.training import FoundStep, FoundTraining


def find_training(record: ProgramRecord, loss: str | None = None) -> FoundTraining | None:
    """Find the loss, the parameters and the steps; None if there are none. `loss` is the name of the loss."""
    return training_of(program_in(record, loss))


def program_in(record: ProgramRecord, loss: str | None = None) -> Program:
    """A program with its updates, also one of which not all steps are on record."""
    if not record.gaps:
        return program_of(record, loss)
    program = Program(ProgramTape(record), loss)
    updates = with_gaps(program)
    return with_single_updates(program if updates is None else Program(program.tape, loss, updates))


def training_of(program: Program) -> FoundTraining | None:
    """The loss, the parameters and the steps of a program; None if there are none."""
    attempts = _attempts(program)
    if not attempts:
        return None
    record = program.tape.record
    program = with_last_updates(program)
    addition = Addition(record)
    is_shared = len(attempts) > 1
    steps = [step for attempt in attempts for step in _steps(program, attempt, addition, is_shared=is_shared)]
    if not steps:
        return None
    ordered = _placed(record, sorted(steps, key=lambda step: max(step.updates.values())))
    if attempts[0].implied is None:
        ordered = _placed(record, losses_elsewhere(program, addition, ordered))
    loop_line = _loop_line(record, ordered)
    ordered[0] = FoundStep(ordered[0].loss, ordered[0].updates, _first_start(record, ordered[0], loop_line))
    name = addition.name_of(ordered[0].loss) or last_name(attempts[0].measure.name) or attempts[0].measure.name
    return FoundTraining(addition.result(), name, _parameters(program, attempts, ordered), ordered, addition.start, loop_line)


def why_none(record: ProgramRecord, loss: str | None) -> Message:
    """Why no steps are found in a record."""
    return why_nothing(Program(ProgramTape(record), loss))


def first_steps(record: ProgramRecord, count: int, loss: str | None = None) -> ProgramRecord:
    """The record up to the end of so many steps, with the forward pass of the next one."""
    training = find_training(record, loss)
    if training is None or len(training.steps) <= count:
        return record
    end = min(training.steps[count].updates.values())
    return replace(record, entries=record.entries[:end])


def _attempts(program: Program) -> list[Attempt]:
    """The losses that the steps are held against: one, or several that have parameters of their own."""
    own = without_parts(program.tape, program.computed)
    good = [attempt for attempt in own if is_good(attempt)]
    if not good and cover_together(own):
        kept: dict[object, Attempt] = {}
        for attempt in sorted(own, key=lambda each: each.score):
            if attempt.judgement.follows:
                kept[attempt.measure] = attempt
        return list(kept.values())
    found: Sequence[Attempt] = good or own
    if not found and program.wanted is None:
        found = [attempt for attempt in program.printed if is_good(attempt)]
    if not found and program.wanted is None:
        implied = program.implied
        found = [attempt for attempt in implied if is_good(attempt)] or implied
    return [likeliest(found)] if found else []


def _steps(program: Program, attempt: Attempt, addition: Addition, *, is_shared: bool) -> Iterator[FoundStep]:
    """All steps that a loss measures; with `is_shared`, of those parameters only that follow it."""
    add_up = any(len(each.step.seeds) > 1 for each in attempt.gradients.looked)
    losses = _losses(program, attempt)
    seeds = {id: (id, np.ones(())) for id in losses}
    name = last_name(attempt.measure.name) or "loss"
    for step in steps_of(program.used(losses), program.updates, program.roots, seeds, add_up=add_up):
        updated = {
            old: new
            for old, new in step.updated.items()
            if not is_shared or program.updates.roots[old] in attempt.judgement.follows
        }
        for terms, part in _split(program, attempt, list(step.seeds), updated):
            made = [_loss(attempt, addition, id) for id in terms]
            if made and part:
                yield FoundStep(made[0] if len(made) == 1 else addition.sum_of(made, name), part, 0)


def _split(
    program: Program, attempt: Attempt, losses: list[int], updates: Mapping[int, int]
) -> Iterator[tuple[list[int], dict[int, int]]]:
    """The steps among updates that one loss measures, each with its part of the loss."""
    if attempt.implied is None:
        yield from split_by_terms(program, losses, updates)
    else:
        yield from ((losses, each) for each in passes_of(program, updates)[-1:])


def _losses(program: Program, attempt: Attempt) -> tuple[int, ...]:
    """The entries that tell the steps of an attempt: each time that its loss was computed, or the output that it is of."""
    if attempt.implied is not None:
        return attempt.implied.residual.outputs
    named = (loss.ids for loss in program.losses if attempt.times <= set(loss.ids))
    return next(named, tuple(sorted(attempt.times)))


def _loss(attempt: Attempt, addition: Addition, id: int) -> int:
    """The loss; one that is only implied is added."""
    implied = attempt.implied
    if implied is None:
        return id
    residual = implied.residual
    place = residual.outputs.index(id)
    if implied.kind is LossKind.CROSS_ENTROPY:
        at = residual.ids[place]
        found = addition.cross_entropy(id, implied.at[place], residual.targets[place], at)
        if found is not None:
            return found
    return addition.squared_error(residual.ids[place])


# Order, places and names.


def _placed(record: ProgramRecord, steps: Sequence[FoundStep]) -> list[FoundStep]:
    """Steps in order, each with its start: behind the updates of the step before."""
    placed, start = [], 0
    for step in steps:
        placed.append(FoundStep(step.loss, step.updates, start))
        start = max(step.updates.values()) + 1
    return placed


def _loop_line(record: ProgramRecord, steps: Sequence[FoundStep]) -> int:
    """The line of the loop whose passes are the steps; 0 if there is none."""
    if len(steps) < 2:
        return 0
    return next((line for line, before in record.passes if before >= steps[1].start), 0)


def _first_start(record: ProgramRecord, step: FoundStep, loop_line: int) -> int:
    """Where the first step starts: at a pass of the loop."""
    end = min(step.loss, *step.updates.values())
    return max((before for line, before in record.passes if line == loop_line and before <= end), default=0)


def _parameters(program: Program, attempts: Sequence[Attempt], steps: Sequence[FoundStep]) -> Mapping[str, Sequence[int]]:
    """The values of each parameter by its name, in the order of their first use; parameters of one name are numbered."""
    names: dict[int, str] = {}
    for attempt in attempts:
        looked = attempt.gradients.looked[0]
        for root in looked.after:
            name = last_name(parameter_name(program.tape, looked, root))
            names.setdefault(root, re.sub(r"\{.*?\}", "", name) or "parameter")  # f"W{layer}"
    counts = Counter(names.values())
    numbers: Counter[str] = Counter()
    found: dict[str, list[int]] = {}
    places: dict[Key, str] = {}
    chains = _chains(program)
    for root in sorted(names):
        name = names[root]
        if counts[name] > 1:
            numbers[name] += 1
            name = f"{name}_{numbers[name]}"
        found[name] = list(chains.get(root, (root,)))
        places.setdefault(program.tape.key(found[name][-1]), name)
    for step in steps:  # a parameter that was set anew, as to values from a file, is the same one
        for old, new in step.updates.items():
            root = program.updates.roots[old]
            if root not in names:
                names[root] = places.get(program.tape.key(new)) or last_name(program.tape.name(new)) or "parameter"
                found.setdefault(names[root], []).extend(chains.get(root, (root,)))
    return found


def _chains(program: Program) -> Mapping[int, Sequence[int]]:
    """The values of each variable, one after the other, by the first of them."""
    found: dict[int, set[int]] = defaultdict(set)
    for id, root in program.updates.roots.items():
        found[root] |= {root, id}
    return {root: sorted(ids) for root, ids in found.items()}
