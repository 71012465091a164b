"""Runs a program, and writes what was recorded of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from tracer.cli.files import OutputFolder
from tracer.cli.picture_files import PICTURES, TEXTS, PictureWriter
from tracer.cli.picture_options import PictureOptions
from tracer.cli.programs.endings import report_ending
from tracer.cli.programs.options import ProgramRun
from tracer.cli.progress import Progress
from tracer.cli.trace_file_line import trace_file_line
from tracer.errors import UsageError
from tracer.graph.record import Step, Trace
from tracer.i18n.language import ENGLISH, Language
from tracer.programs.process.budget import Budget
from tracer.programs.record import ProgramRecord
from tracer.programs.running import run_program
from tracer.programs.steps.building import step_of
from tracer.programs.steps.choosing import numbers_of, stretches_of
from tracer.programs.steps.finding import find_training
from tracer.programs.steps.parts import StepTape
from tracer.programs.steps.trace import head_of
from tracer.programs.steps.training import FoundTraining
from tracer.rendering.engine import find_engine
from tracer.store.writing import TraceWriter
from tracer.views.notation import metric_text
from tracer.views.parameter_history import ParameterHistories
from tracer.views.text.broadcasting import broadcasting_notice
from tracer.views.text.finiteness import FinitenessMonitor
from tracer.views.text.found import found_lines
from tracer.views.text.log import log_lines

MAX_STEPS = 1_000
"""Steps that are kept, where --record does not choose them."""

MAX_OPERATIONS = 100_000
"""Operations that are recorded of a program; the rest runs at its own speed."""


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """What is written of a program."""

    output: str | None
    formats: Sequence[str]
    values: str | None
    budget: int
    quiet: bool
    passes_exit_code: bool
    pictures: PictureOptions


def trace_program(run: ProgramRun, options: TraceOptions) -> int:
    """Run a program, and write what was recorded of it; returns the exit code."""
    base, tell = Path.cwd(), options.pictures.style.tell
    engine = find_engine(options.pictures.engine) if set(options.formats) - {"log", *TEXTS} else None
    folder = OutputFolder(Path(options.output) if options.output else Path("output") / run.path.stem, base)
    stretches = stretches_of(run.path, run.kept, run.loss) if run.kept is not None else None
    record = run_program(run.path, run.arguments, budget=Budget(nodes=MAX_OPERATIONS), stretches=stretches, tells_end=True)
    code = report_ending(run.path, record.ending)
    training = find_training(record, run.loss, has_gaps=run.kept is not None)
    if training is None:
        if code:
            return record.ending.exit_code if options.passes_exit_code else code
        raise UsageError(_nothing_found(run))
    output = ProgramOutput(record, training, run, folder, options.quiet, tell)
    if not options.quiet:
        for line in found_lines(training.record, training, tell):
            click.echo(line)
        click.echo()
    output.write(options.formats, options.values, options.budget)
    if not options.quiet:
        for line in (*output.summary(), *(tell("wrote {path}", path=line) for line in output.written)):
            click.echo(line)
    writer = PictureWriter(options.pictures, folder, engine, options.quiet)
    for path in output.draw(writer, options.formats):
        if not options.quiet:
            click.echo(tell("wrote {path}", path=path))
    for warning in writer.warnings():
        click.echo(warning, err=True)
    return record.ending.exit_code if options.passes_exit_code else code


def _nothing_found(run: ProgramRun) -> str:
    if run.loss is not None:
        name = run.path.name
        return f"{name} computes no loss named {run.loss!r} from values that it updates: --loss takes the name of a variable"
    return (
        f"{run.path.name} has no training loop on record: no value is updated that a loss is made of; --loss NAME says which"
        " variable is the loss"
    )


@dataclass(slots=True)
class ProgramOutput:
    """Writes the steps of a recorded program, and keeps those to draw."""

    record: ProgramRecord
    training: FoundTraining
    run: ProgramRun
    folder: OutputFolder
    quiet: bool
    tell: Language = ENGLISH
    head: Trace = field(init=False)
    file: TraceWriter | None = None
    first: Step | None = None
    last: Step | None = None
    losses: list[float] = field(default_factory=list)
    finiteness: FinitenessMonitor = field(default_factory=FinitenessMonitor)
    histories: ParameterHistories = field(default_factory=ParameterHistories)
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.head = head_of(self.training)

    def write(self, formats: Sequence[str], values: str | None, budget: int) -> None:
        """Write the trace file and the log."""
        if values != "none":
            path = self.folder.path / "trace.sqlite"
            self.file = TraceWriter(path, self.head, values or "", budget, self.folder.shown / "trace.sqlite")
        log = self.folder.growing("steps.log") if "log" in formats else None
        with Progress(len(self.training.steps), self.head.scenario, quiet=self.quiet) as progress:
            steps = self._written_steps(progress)
            if log is None:
                deque(steps, maxlen=0)
            else:
                for text in log_lines(self.head, steps, monitor=self.finiteness, tell=self.tell):
                    log.write(text)
        if self.file is not None:
            self.file.end(finite_steps=min(self.finiteness.finite_steps, self.file.steps))
            self.written.append(trace_file_line(self.file, self.tell))
        if log is not None:
            self.written.append(self.tell("{path} ({count:,} lines)", path=log.finish(), count=log.lines))

    def _written_steps(self, progress: Progress) -> Iterator[Step]:
        tape = StepTape(self.training)
        for position, number in self._numbered():
            step = step_of(tape, position, number)
            if self.file is not None:
                self.file.write(step)
            self.first, self.last = self.first or step, step
            self.losses.append(step.loss)
            self.finiteness.check(step)
            self.histories.add(step)
            yield step
            progress.step()

    def _numbered(self) -> list[tuple[int, int]]:
        """The steps that are kept, by their positions among those on record, with their numbers in the run."""
        kept = self.run.kept
        numbers = numbers_of(self.training, has_gaps=kept is not None)
        if kept is None:
            return list(enumerate(numbers[:MAX_STEPS]))
        return [(position, number) for position, number in enumerate(numbers) if number in kept]

    def summary(self) -> Iterator[str]:
        """The lines at the end of a run."""
        head, tell = self.head, self.tell
        yield f"{head.scenario}: {tell.title(head.title)}" if head.title else head.scenario
        steps = tell.count(len(self.losses), "step")
        if self.losses:
            ends = " -> ".join(dict.fromkeys(metric_text(loss) for loss in (self.losses[0], self.losses[-1])))
            yield tell("{steps}, loss {ends}", steps=steps, ends=ends)
        if self.run.kept is None and len(self.training.steps) > MAX_STEPS:
            yield tell("kept are the first {count:,} steps; --record chooses others", count=MAX_STEPS)
        elif self.record.used_up:
            yield tell(
                "recorded are the first {count:,} operations; --record chooses the steps that are kept", count=MAX_OPERATIONS
            )
        for notice in (broadcasting_notice(self.first, tell), self.finiteness.notice(tell)):
            if notice:
                yield notice

    def draw(self, writer: PictureWriter, formats: Sequence[str]) -> Iterator[Path]:
        """Write the pictures; yield their paths."""
        steps = {step.index: step for step in (self.first, self.last) if step is not None}
        drawn = replace(self.head, steps=tuple(steps.values()), metrics=tuple(dict(each.metrics) for each in steps.values()))
        if "pdf" in formats:
            path = writer.booklet(drawn, "steps.pdf", self.histories.histories(), self.finiteness.notice(self.tell))
            if path is not None:
                yield path
        for kind in PICTURES:
            if kind in formats:
                yield from writer.pictures(drawn.steps, "", kind)
