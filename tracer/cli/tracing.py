"""`tracer trace`: run a scenario and write what was recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from tracer.archives import array_bytes
from tracer.arguments import whole_number
from tracer.cli.files import GrowingFile, OutputFolder
from tracer.cli.progress import Progress
from tracer.errors import UsageError, close_names
from tracer.graph import Step, Trace
from tracer.loading import load
from tracer.monitoring import Watch
from tracer.rendering.engine import ENGINES, Engine, find_engine
from tracer.training import Training
from tracer.views.finiteness import FiniteWatch
from tracer.views.log import ending_lines, log_lines
from tracer.views.notation import counted, measured_text, number_text, shape_text

FORMATS = ("pdf", "log", "svg", "png", "dot")
PICTURES = {"svg", "png", "dot"}

HELP = """\b
Examples:
  tracer trace fruit
  tracer trace mnist --steps 5 --seed 1 --set learning_rate=0.05 -o somewhere --format pdf,log,svg
  tracer trace ./mine.py

Run a scenario, by its name from `tracer list` or by the path of a Python file, and write every number of its training
steps: steps.pdf with diagrams of the first and the last step, steps.log with all of them.
"""


@click.command("trace", help=HELP, short_help="Run a scenario and write its PDF and step log.")
@click.argument("scenario")
@click.option("--steps", metavar="N", help="Training steps to run (default: the scenario's own number).")
@click.option("--seed", metavar="N", default="0", show_default=True, help="Seed of everything random.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="learning_rate, optimizer, epochs, shuffle, ...")
@click.option("--parameters", metavar="FILE", help="Initial values: a checkpoint, an .npz file of named arrays.")
@click.option("--data", metavar="PATH", help="Data file or folder, for a scenario that takes one.")
@click.option("--dtype", metavar="DTYPE", help="float32 or float64, for all floating data.")
@click.option("-o", "--output", metavar="FOLDER", help="Where to write (default: output/SCENARIO).")
@click.option("--format", "formats", metavar="LIST", default="pdf,log", show_default=True, help=f"Of {', '.join(FORMATS)}.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="What lays the diagrams out.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line for every step.")
def trace(
    scenario: str,
    steps: str | None,
    seed: str,
    settings: Sequence[str],
    parameters: str | None,
    data: str | None,
    dtype: str | None,
    output: str | None,
    formats: str,
    engine: str,
    quiet: bool,
    verbose: bool,
) -> None:
    wanted = _formats(formats)
    # Whatever can be refused is refused before the run begins.
    layout_engine = find_engine(engine) if {"pdf", "svg", "png"} & set(wanted) else None
    training = Training(
        load(scenario),
        steps=None if steps is None else whole_number("--steps", steps),
        seed=whole_number("--seed", seed, least=0),
        settings=_settings(settings),
        parameters=parameters,
        data=data,
        dtype=dtype,
    )
    folder = OutputFolder(Path(output) if output else Path("output") / training.head.scenario)
    run = _Run(training, folder, quiet=quiet, verbose=verbose)
    log = folder.growing("steps.log") if "log" in wanted else None
    _run_to_the_end(run, log)
    written = [*run.kept, *([f"{log.end()} ({log.lines:,} lines)"] if log is not None else [])]
    if "pdf" in wanted and layout_engine is not None:
        written.append(str(_write_booklet(run.shown(), run.watch.notice(), folder, layout_engine)))
    if PICTURES & set(wanted):
        pictured = layout_engine if {"svg", "png"} & set(wanted) else None
        written += map(str, _write_diagrams(run.shown(), folder, wanted, pictured))
    if not quiet:
        if training.printed:
            click.echo()  # the program's own lines end here
        for line in run.summary():
            click.echo(line)
        for line in written:
            click.echo(f"wrote {line}")


@dataclass(slots=True)
class _Run:
    """A run in progress: it prints what the program prints, writes checkpoints, and keeps what the pictures show."""

    training: Training
    folder: OutputFolder
    quiet: bool
    verbose: bool
    first: Step | None = None
    last: Step | None = None
    watch: FiniteWatch = field(default_factory=FiniteWatch)
    kept: list[str] = field(default_factory=list)
    _said: int = 0
    _checkpoint_watch: Watch | None = field(init=False)

    def __post_init__(self) -> None:
        checkpoint = self.training.scenario.checkpoint
        self._checkpoint_watch = checkpoint.watch() if checkpoint is not None else None

    def steps(self, progress: Progress) -> Iterator[Step]:
        """The steps as they come."""
        for step in self.training:
            self.first = self.first or step
            self.last = step
            self.watch.look(step)
            if self.verbose:
                self._say(f"step {step.index}  loss {number_text(step.loss)}", progress)
            for text in self.training.printed[self._said :]:
                self._say(text, progress)
            self._said = len(self.training.printed)
            self._checkpoint(progress)
            yield step
            progress.step()

    def _say(self, text: str, progress: Progress) -> None:
        if not self.quiet:
            progress.aside()
            click.echo(text)

    def _checkpoint(self, progress: Progress) -> None:
        """At the end of an epoch, write the parameters where they are the best so far."""
        checkpoint, watch, history = self.training.scenario.checkpoint, self._checkpoint_watch, self.training.history
        if checkpoint is None or watch is None or len(history) == watch.epochs:
            return
        watch.see(history[-1][checkpoint.monitor])
        place = self.folder.path / checkpoint.file
        if watch.is_best:
            self.folder.write(checkpoint.file, array_bytes(self.training.parameters))
            self.kept = [f"{place} (epoch {watch.epochs}, {checkpoint.monitor} {measured_text(watch.value)})"]
        self._say(checkpoint.message(watch, str(place)), progress)

    def shown(self) -> Trace:
        """The trace with the steps that the pictures show."""
        steps = {step.index: step for step in (self.first, self.last) if step is not None}
        training = self.training
        return replace(
            training.head, steps=tuple(steps.values()), metrics=tuple(training.metrics), stopped=training.stopped
        )

    def summary(self) -> Iterator[str]:
        """What happened, in a few lines."""
        training, head = self.training, self.training.head
        yield f"{head.scenario}: {head.title}" if head.title else head.scenario
        parameters = ", ".join(f"{name} {shape_text(value.shape)}" for name, value in training.parameters.items())
        yield f"{counted(len(training.metrics), 'step')}, {counted(training.parameter_count, 'parameter')}: {parameters}"
        yield ", ".join(f"{name} {_change(*ends)}" for name, ends in _first_and_last(training.metrics).items())
        if training.stopped:
            yield training.stopped
        if self.watch.notice():
            yield self.watch.notice()


def _first_and_last(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """The first and the last value of everything that was measured."""
    ends: dict[str, tuple[Any, Any]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in ("step", "epoch"):
                ends[name] = ends.get(name, (value,))[0], value
    return ends


def _change(first: Any, last: Any) -> str:
    return " -> ".join(dict.fromkeys((measured_text(first), measured_text(last))))


def _run_to_the_end(run: _Run, log: GrowingFile | None) -> None:
    """Run all steps. Where the run ends early, the log says so and keeps every step that was finished."""
    head = run.training.head
    try:
        with Progress(run.training.steps, head.scenario, quiet=run.quiet) as progress:
            steps = run.steps(progress)
            if log is None:
                deque(steps, maxlen=0)
                return
            for text in log_lines(head, steps, watch=run.watch, stopped=lambda: run.training.stopped):
                log.write(text)
    except BaseException as error:
        _keep_what_is_whole(run, log, error)
        raise


def _keep_what_is_whole(run: _Run, log: GrowingFile | None, error: BaseException) -> None:
    """End the log of a run that ended early; where no step was finished, an earlier log stays in its place."""
    if log is None or log.is_broken:
        return
    steps = log.whole_pieces() - 1  # the first piece is the heading
    if steps < 1:
        log.discard()
        return
    why = "interrupted" if isinstance(error, KeyboardInterrupt) else f"stopped by {type(error).__name__}"
    log.write(ending_lines(steps, run.training.steps, why))
    error.add_note(f"{steps} of {run.training.steps} steps are whole, in {log.end()}")


def _write_booklet(trace: Trace, notice: str, folder: OutputFolder, engine: Engine) -> Path:
    from tracer.rendering.document import pdf
    from tracer.views.booklet import booklet

    return folder.write("steps.pdf", pdf(booklet(trace, engine.layout, notice)))


def _write_diagrams(trace: Trace, folder: OutputFolder, wanted: Sequence[str], engine: Engine | None) -> Iterator[Path]:
    from tracer.views.diagram import phase_diagrams

    for step in trace.steps:
        for name, drawn in phase_diagrams(step):
            stem = f"step-{step.index}-{name}"
            if "dot" in wanted:
                yield folder.write(f"{stem}.dot", drawn.dot.encode())
            if engine is None:
                continue
            drawing = engine.layout(drawn.dot)
            if "svg" in wanted:
                yield folder.write(f"{stem}.svg", drawing.svg.encode())
            if "png" in wanted:
                from tracer.rendering.document import png

                yield folder.write(f"{stem}.png", png(drawing))


def _formats(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in FORMATS:
            raise UsageError(f"there is no format {name!r}{close_names(name, list(FORMATS))}")
    if not names:
        raise UsageError(f"--format takes one or more of {', '.join(FORMATS)}")
    return names


def _settings(given: Sequence[str]) -> dict[str, Any]:
    settings = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--set takes NAME=VALUE, this is {text!r}")
        settings[name.strip()] = value.strip()
    return settings
