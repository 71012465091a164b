"""Writes the recorded steps of a program: the trace file, the log and the pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from tracer.cli.closing.diagnosis import diagnosis_of
from tracer.cli.closing.next_steps import next_lines
from tracer.cli.closing.played import trace_to_play
from tracer.cli.closing.trace_file_line import trace_file_line
from tracer.cli.files import OutputFolder
from tracer.cli.picture_files import PictureWriter
from tracer.cli.picture_options import PictureOptions
from tracer.cli.progress import Progress
from tracer.graph.record import Step, Trace
from tracer.graph.record_methods import is_wrong
from tracer.i18n.language import ENGLISH, Language
from tracer.rendering.engine import Engine
from tracer.store.writing import TraceWriter
from tracer.views.booklet.summary.whole_run import WholeRun
from tracer.views.explaining.next_commands import RunNames
from tracer.views.notation import metric_text
from tracer.views.parameter_history import ParameterHistories
from tracer.views.text.broadcasting import broadcasting_notice
from tracer.views.text.finiteness import FinitenessMonitor
from tracer.views.text.log import log_lines

TRACE_FILE = "trace.sqlite"
"""The name of the trace file in the folder of a run."""


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


@dataclass(slots=True)
class ProgramOutput:
    """Writes the steps of a recorded program, and keeps those to draw.

    `head` is the trace without its steps, `notices` are lines of the summary. `file` is given if the trace file is written
    already, step by step while the program ran.
    """

    head: Trace
    steps: Iterable[Step]
    folder: OutputFolder
    quiet: bool
    tell: Language = ENGLISH
    notices: Sequence[str] = ()
    names: RunNames = field(default_factory=RunNames)
    file: TraceWriter | None = None
    first: Step | None = None
    last: Step | None = None
    losses: list[float] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    finiteness: FinitenessMonitor = field(default_factory=FinitenessMonitor)
    histories: ParameterHistories = field(default_factory=ParameterHistories)
    written: list[str] = field(default_factory=list)

    def write(self, formats: Sequence[str], values: str | None, budget: int) -> None:
        """Write the trace file and the log."""
        if values != "none" and self.file is None:
            path = self.folder.path / TRACE_FILE
            self.file = TraceWriter(path, self.head, values or "", budget, self.folder.shown / TRACE_FILE)
        log = self.folder.growing("steps.log") if "log" in formats else None
        with Progress(self.head.planned, self.head.scenario, quiet=self.quiet) as progress:
            steps = self._written_steps(progress)
            if log is None:
                deque(steps, maxlen=0)
            else:
                for text in log_lines(self.head, steps, monitor=self.finiteness, tell=self.tell):
                    log.write(text)
        if self.file is not None:
            finite = min(self.finiteness.finite_steps, self.file.steps)
            self.file.end(finite_steps=finite, verdict=self.head.verdict)
            self.written.append(trace_file_line(self.file, self.tell))
        if log is not None:
            self.written.append(self.tell("{path} ({count:,} lines)", path=log.finish(), count=log.lines))

    def _written_steps(self, progress: Progress) -> Iterator[Step]:
        for step in self.steps:
            if self.file is not None and self.file.is_open:
                self.file.write(step)
            self.first, self.last = self.first or step, step
            self.losses.append(step.loss)
            self.metrics.append(dict(step.metrics))
            self.finiteness.check(step)
            self.histories.add(step)
            yield step
            progress.step()

    def summary(self) -> Iterator[str]:
        """The lines at the end of a run."""
        head, tell = self.head, self.tell
        yield f"{head.scenario}: {tell.title(head.title)}" if head.title else head.scenario
        steps = tell.count(len(self.losses), "step")
        if self.losses:
            ends = " -> ".join(dict.fromkeys(metric_text(loss) for loss in (self.losses[0], self.losses[-1])))
            yield tell("{steps}, loss {ends}", steps=steps, ends=ends)
        yield from self.notices
        for notice in (broadcasting_notice(self.first, tell), self.finiteness.notice(tell)):
            if notice:
                yield notice
        if is_wrong(head.verdict):
            yield tell.message(head.verdict)

    def draw(self, writer: PictureWriter, formats: Sequence[str]) -> Iterator[Path]:
        """Write the pictures; yield their paths."""
        steps = {step.index: step for step in (self.first, self.last) if step is not None}
        drawn = replace(self.head, steps=tuple(steps.values()), metrics=tuple(self.metrics))

        def whole() -> WholeRun:
            found = diagnosis_of(self.file, writer.options, formats)
            return WholeRun(self.histories.histories(), self.finiteness.notice(self.tell), found, self.names)

        return writer.draw(drawn, formats, whole, lambda: trace_to_play(self.file, drawn))

    def write_all(self, options: TraceOptions, engine: Engine | None) -> None:
        """Write everything that was asked for, and print what was written."""
        tell = self.tell
        self.write(options.formats, options.values, options.budget)
        if not self.quiet:
            for line in (*self.summary(), *(tell("wrote {path}", path=line) for line in self.written)):
                click.echo(line)
        writer = PictureWriter(options.pictures, self.folder, engine, self.quiet)
        files = []
        for path in self.draw(writer, options.formats):
            files.append(path)
            if not self.quiet:
                click.echo(tell("wrote {path}", path=path))
        for warning in writer.warnings():
            click.echo(warning, err=True)
        if not self.quiet and self.file is not None and self.first is not None:
            files += [self.folder.shown / "steps.log"] if "log" in options.formats else []
            trace = replace(self.head, steps=(self.first,))
            for line in next_lines(trace, self.names, files, tell, is_finite=self.finiteness.has_finite_results):
                click.echo(line)
