"""Runs a scenario for the command: prints its output, writes checkpoints and the log, and keeps the steps to draw."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from tracer.cli.closing.verdicts import verdict_on_step
from tracer.cli.files import GrowingFile, OutputFolder
from tracer.cli.interruption import Interruption
from tracer.cli.progress import Progress
from tracer.errors import UsageError
from tracer.graph.record import Step, Trace
from tracer.graph.record_methods import is_wrong
from tracer.i18n.language import ENGLISH, Language
from tracer.i18n.message import Message
from tracer.store.writing import TraceWriter
from tracer.training import Training
from tracer.training.callbacks import Watch
from tracer.training.checkpoints import checkpoint_arrays
from tracer.views.notation import metric_text, number_text, shape_text
from tracer.views.parameter_history import ParameterHistories
from tracer.views.text.broadcasting import broadcasting_notice
from tracer.views.text.finiteness import FinitenessMonitor
from tracer.views.text.log import ending_lines, log_lines


@dataclass(slots=True)
class Run:
    """A run in progress: prints the program's output, writes checkpoints, and keeps the steps to draw.

    `checks` is whether anything is written that has the verdict on the gradients.
    """

    training: Training
    folder: OutputFolder
    started_from: Path | None
    quiet: bool
    verbose: bool
    file: TraceWriter | None = None
    tell: Language = ENGLISH
    first: Step | None = None
    last: Step | None = None
    finiteness: FinitenessMonitor = field(default_factory=FinitenessMonitor)
    parameter_histories: ParameterHistories = field(default_factory=ParameterHistories)
    interruption: Interruption = field(default_factory=Interruption)
    checkpoint_lines: list[str] = field(default_factory=list)
    has_printed: bool = False
    has_ended: bool = False
    checks: bool = True
    verdict: Message | None = None
    _unprinted: list[str] = field(default_factory=list)
    _unwritten: list[str] = field(default_factory=list)
    _checkpoint_watch: Watch | None = field(init=False)

    def __post_init__(self) -> None:
        checkpoint = self.training.scenario.checkpoint
        self._checkpoint_watch = checkpoint.watch() if checkpoint is not None else None
        if checkpoint is None or self._checkpoint_watch is None or self.started_from is None:
            return
        place = self.folder.shown / checkpoint.file
        if (self.folder.base / self.started_from).resolve() != (self.folder.path / checkpoint.file).resolve():
            return
        # The run starts from the checkpoint it would overwrite: only a better result may replace it.
        measured = self.training.measure()
        if checkpoint.monitor not in measured:
            raise UsageError(f"this run starts from {place} and would write over it: choose another folder with -o")
        self._checkpoint_watch.best = measured[checkpoint.monitor]

    def steps(self, progress: Progress) -> Iterator[Step]:
        """Yield the steps; Ctrl-C interrupts their computation, not their writing."""
        training = iter(self.training)
        while True:
            with self.interruption.computing():
                step = next(training, None)
            if step is None:
                break
            if self.file is not None:
                # First, so that everything printed below is about a step that is on disk.
                self.file.write(step, self._take_unwritten())
            self.first = self.first or step
            self.last = step
            self.finiteness.check(step)
            self.parameter_histories.add(step)
            if self.verbose:
                self._echo(self.tell("step {step}  loss {loss}", step=step.index, loss=number_text(step.loss)), progress)
            self._print_output(progress)
            self._checkpoint(progress)
            yield step
            progress.step()
        self._print_output(progress)

    def _collect_printed(self) -> None:
        """Move the program's output out of the training, so that memory does not grow with the run."""
        self._unprinted += self.training.printed
        self._unwritten += self.training.printed
        self.training.printed.clear()

    def _take_unwritten(self) -> list[str]:
        """The output since the last write to the trace file."""
        self._collect_printed()
        texts, self._unwritten = self._unwritten, []
        return texts

    def end_file(self, unfinished: Message | None = None) -> None:
        """Record in the trace file how the run ended."""
        if self.file is not None and self.file.is_open:
            finite = min(self.finiteness.finite_steps, self.file.steps)
            printed = self._take_unwritten()
            self.file.end(self.training.stopped, printed, unfinished, finite_steps=finite, verdict=self.verdict)
        self.has_ended = not unfinished

    def check(self) -> None:
        """Check the gradients of the first step, where that is quick. Ctrl-C ends the check; the run is done, and is kept."""
        if not self.checks or self.first is None or self.interruption.is_pending:
            return
        try:
            with self.interruption.computing():
                self.verdict = verdict_on_step(self.first)
        except KeyboardInterrupt:
            self.interruption.defer()

    def _print_output(self, progress: Progress) -> None:
        """Print the program's new output."""
        self._collect_printed()
        for text in self._unprinted:
            self.has_printed = True
            self._echo(text, progress)
        self._unprinted.clear()
        if self.file is None:
            self._unwritten.clear()

    def _echo(self, text: str, progress: Progress) -> None:
        if not self.quiet:
            progress.clear_line()
            click.echo(text)

    def _checkpoint(self, progress: Progress) -> None:
        """At the end of an epoch, write the parameters if they are the best so far."""
        checkpoint, watch, history = self.training.scenario.checkpoint, self._checkpoint_watch, self.training.history
        if checkpoint is None or watch is None or len(history) == watch.epochs:
            return
        watch.update(history[-1][checkpoint.monitor])
        place = self.folder.shown / checkpoint.file
        if watch.is_best:
            arrays = checkpoint_arrays(self.training.parameters, self.training.progress())
            from tracer.data.archives import array_bytes  # most runs write no checkpoint

            self.folder.write(checkpoint.file, array_bytes(arrays))
            measured = f"{checkpoint.monitor} {metric_text(watch.value)}"
            self.checkpoint_lines = [
                self.tell("{path} (epoch {epoch}, {measured})", path=place, epoch=watch.epochs, measured=measured)
            ]
        self._echo(checkpoint.message(watch, str(place)), progress)

    def trace_to_draw(self) -> Trace:
        """The trace with the first and last step only."""
        steps = {step.index: step for step in (self.first, self.last) if step is not None}
        training = self.training
        return replace(
            training.head,
            steps=tuple(steps.values()),
            metrics=tuple(training.metrics),
            stopped=training.stopped,
            verdict=self.verdict,
        )

    def summary(self) -> Iterator[str]:
        """The lines printed at the end of a run."""
        training, head, tell = self.training, self.training.head, self.tell
        yield f"{head.scenario}: {tell.title(head.title)}" if head.title else head.scenario
        names = ", ".join(f"{name} {shape_text(value.shape)}" for name, value in training.parameters.items())
        steps, parameters = tell.count(len(training.metrics), "step"), tell.count(training.parameter_count, "parameter")
        yield tell("{steps}, {parameters}: {names}", steps=steps, parameters=parameters, names=names)
        yield ", ".join(f"{name} {_change(*ends)}" for name, ends in _first_and_last(training.metrics).items())
        if self.started_from is not None:
            yield from _start_lines(training, self.started_from, tell)
        if training.stopped:
            yield tell.message(training.stopped)
        checkpoint = training.scenario.checkpoint
        if checkpoint is not None and not self.checkpoint_lines:
            path = self.folder.shown / checkpoint.file
            yield tell("no epoch bettered {monitor}: {path} was not written", monitor=checkpoint.monitor, path=path)
        for notice in (broadcasting_notice(self.first, tell), self.finiteness.notice(tell)):
            if notice:
                yield notice
        if is_wrong(self.verdict):
            yield tell.message(self.verdict)


def _start_lines(training: Training, path: Path, tell: Language) -> Iterator[str]:
    """What a run that starts from a checkpoint continues, and what starts anew."""
    checkpoint, earlier = training.checkpoint, training.earlier
    if checkpoint is None or not earlier.optimizer:
        return
    stored = checkpoint.progress
    steps = tell.count(earlier.steps, "step")
    if stored is None:
        text = tell(
            "{path} has only parameters: {optimizer} and the random numbers began anew", path=path, optimizer=earlier.optimizer
        )
    elif stored.optimizer != earlier.optimizer:
        other = stored.optimizer or "-"
        text = tell(
            "{path} is of {other}: {optimizer} and the random numbers began anew",
            path=path,
            other=other,
            optimizer=earlier.optimizer,
        )
    elif stored.seed != earlier.seed:
        text = tell(
            "continued {path} after {steps}, with random numbers of another seed (it has {seed})",
            path=path,
            steps=steps,
            seed=stored.seed,
        )
    else:
        text = tell("continued {path} after {steps}", path=path, steps=steps)
    yield text


def _first_and_last(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """The first and the last value of every metric."""
    ends: dict[str, tuple[Any, Any]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in ("step", "epoch"):
                ends[name] = ends.get(name, (value,))[0], value
    return ends


def _change(first: Any, last: Any) -> str:
    return " -> ".join(dict.fromkeys((metric_text(first), metric_text(last))))


def run_all_steps(run: Run, log: GrowingFile | None) -> None:
    """Run all steps. If the run ends early, the log says so and has every complete step."""
    with run.interruption:
        _run(run, log)


def _run(run: Run, log: GrowingFile | None) -> None:
    head = run.training.head
    try:
        with Progress(run.training.steps, head.scenario, quiet=run.quiet) as progress:
            steps = run.steps(progress)
            if log is None:
                deque(steps, maxlen=0)
            else:
                for text in log_lines(head, steps, monitor=run.finiteness, stopped=lambda: run.training.stopped, tell=run.tell):
                    log.write(text)
        run.check()
        run.end_file()
        run.interruption.raise_if_pending()
    except BaseException as error:
        _finish_files(run, log, error)
        raise


def _finish_files(run: Run, log: GrowingFile | None, error: BaseException) -> None:
    """Finish the files of a run that ended early; if no step is complete, files of earlier runs are kept."""
    reason = Message("stopped_by_error", {"error": type(error).__name__})
    if isinstance(error, KeyboardInterrupt):
        reason = Message("interrupted")
    complete: list[str] = []
    steps = 0
    if run.has_ended:
        # Ctrl-C arrived while the last step or the end was written: the files are complete.
        steps = len(run.training.metrics)
        complete += [str(log.finish())] if log is not None else []
        complete += [str(run.file.shown)] if run.file is not None else []
    elif log is not None and not log.has_failed:
        steps = log.complete_writes() - 1  # the first is the heading
        # If the disk is full, the error being handled already says so.
        with contextlib.suppress(UsageError):
            if steps > 0:
                complete.append(str(_end_log(log, steps, run.training.steps, reason, run.tell)))
            else:
                log.discard()
    if run.file is not None and run.file.is_open:
        steps = steps or run.file.steps
        with contextlib.suppress(UsageError):
            run.end_file(reason)
            if run.file.steps:
                complete.append(str(run.file.shown))
    if complete:
        error.add_note(f"{steps} of {run.training.steps} steps are whole, in {' and '.join(complete)}")


def _end_log(log: GrowingFile, steps: int, planned: int, reason: Message, tell: Language) -> Path:
    log.write(ending_lines(steps, planned, reason, tell))
    return log.finish()
