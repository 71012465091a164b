"""Runs a program, and writes what was recorded of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import click

from tracer.cli.closing.next_steps import names_of
from tracer.cli.closing.verdicts import verdict_on_program
from tracer.cli.files import OutputFolder
from tracer.cli.picture_files import engine_for
from tracer.cli.programs.endings import report_ending
from tracer.cli.programs.options import ProgramRun, steps_text
from tracer.cli.programs.output import ProgramOutput, TraceOptions
from tracer.errors import UsageError
from tracer.graph.record import Step
from tracer.i18n.language import ENGLISH, Language
from tracer.programs.process.budget import Budget
from tracer.programs.record import ProgramRecord
from tracer.programs.running import run_program
from tracer.programs.steps.building import step_of
from tracer.programs.steps.choosing import last_counted, numbers_of, stretches_of
from tracer.programs.steps.finding import program_in, training_of, why_none
from tracer.programs.steps.parts import StepTape
from tracer.programs.steps.trace import head_of
from tracer.programs.steps.training import FoundTraining
from tracer.rendering.engine import Engine
from tracer.version import page
from tracer.views.text.found import found_lines

MAX_STEPS = 1_000
"""Steps that are kept, where --record does not choose them."""

MAX_OPERATIONS = 100_000
"""Operations that are recorded of a program; the rest runs at its own speed."""


def trace_program(run: ProgramRun, options: TraceOptions) -> int:
    """Run a program, and write what was recorded of it; returns the exit code."""
    engine = engine_for(options.pictures, options.formats)
    folder = OutputFolder(Path(options.output) if options.output else Path("output") / run.path.stem, Path.cwd())
    with folder.kept_if_used():
        return _trace_into(folder, run, options, engine)


def _trace_into(folder: OutputFolder, run: ProgramRun, options: TraceOptions, engine: Engine | None) -> int:
    tell = options.pictures.style.tell
    stretches = stretches_of(run.path, run.kept, run.loss) if run.kept is not None else None
    record = run_program(run.path, run.arguments, budget=Budget(nodes=MAX_OPERATIONS), stretches=stretches, tells_end=True)
    code = report_ending(run.path, record.ending)
    program = program_in(record, run.loss)
    training = training_of(program)
    if training is None:
        if code:
            return record.ending.exit_code if options.passes_exit_code else code
        if stretches is not None and stretches.has_found_loop:
            raise UsageError(f"--record: the chosen steps of {run.path.name} did not show its training; record all, or others")
        raise UsageError(_nothing_found(record, run))
    kept = None if run.kept is None else run.kept & set(numbers_of(training))
    if run.kept is not None and not kept and not code:
        reached = _reached_text(training, record, run.kept)
        none = f"--record: of {run.path.name} none of the steps {steps_text(run.kept)} was found"
        raise UsageError(f"{none}; {reached}" if reached else none)
    if not options.quiet:
        for line in found_lines(training.record, training, tell, None if kept is None else len(kept)):
            click.echo(line)
        click.echo()
    if run.kept is not None and kept is not None and (missing := run.kept - kept):
        reached = _reached_text(training, record, missing, tell)
        not_kept = tell("--record: not kept are the steps {steps}", steps=steps_text(missing))
        click.echo(f"tracer: {not_kept}{tell('; ') + reached if reached else ''}", err=True)
    head = replace(head_of(training), verdict=verdict_on_program(program) if run.kept is None else None)
    if kept is not None:  # those by which the loop was found are not kept
        head = replace(head, hyperparameters={**head.hyperparameters, "steps": len(kept)})
    notices = list(_left_out(record, training, run, tell))
    names = names_of(folder, str(run.path), run.arguments)
    output = ProgramOutput(head, _steps(training, run), folder, options.quiet, tell, notices, names)
    output.write_all(options, engine)
    return record.ending.exit_code if options.passes_exit_code else code


def _reached_text(
    training: FoundTraining, record: ProgramRecord, missing: Collection[int], tell: Language = ENGLISH
) -> str | None:
    """Which step the program came to, before steps that are missing; None if that is not known, or not why they are missing."""
    last = last_counted(training)
    if last is None or max(missing) < last:
        return None
    if record.used_up:
        return tell("recording ended in step {last}, when its budget was used up", last=last)
    # Passes are not counted after the last step that is wanted: it may not be the last of the program.
    return tell("the last step that the program came to is {last}", last=last) if max(missing) > last else None


def _nothing_found(record: ProgramRecord, run: ProgramRun) -> str:
    return f"{why_none(record, run.loss)} ({page('explanation/what-is-recorded')})"


def _steps(training: FoundTraining, run: ProgramRun) -> Iterator[Step]:
    """The steps that are kept, with their numbers in the run."""
    tape = StepTape(training)
    numbers = numbers_of(training)
    for position, number in enumerate(numbers[:MAX_STEPS] if run.kept is None else numbers):
        if run.kept is None or number in run.kept:
            yield step_of(tape, position, number)


def _left_out(record: ProgramRecord, training: FoundTraining, run: ProgramRun, tell: Language) -> Iterator[str]:
    """What is said of steps that are not kept, unless they were not wanted."""
    if run.kept is None and len(training.steps) > MAX_STEPS:
        yield tell("kept are the first {count:,} steps; --record chooses others", count=MAX_STEPS)
    elif record.used_up:
        yield tell("recorded are the first {count:,} operations; --record chooses the steps that are kept", count=MAX_OPERATIONS)
