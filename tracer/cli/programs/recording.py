"""Runs a program of another library than NumPy, such as PyTorch, and writes what was recorded of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tracer.analysis.replicas import RANK, RANKS
from tracer.cli.closing.next_steps import names_of
from tracer.cli.closing.verdicts import verdict_on_recorded
from tracer.cli.files import OutputFolder
from tracer.cli.picture_files import engine_for
from tracer.cli.programs.endings import report_ending
from tracer.cli.programs.options import ProgramRun, steps_text
from tracer.cli.programs.output import TRACE_FILE, ProgramOutput, TraceOptions
from tracer.data.provenance import source_text, versions
from tracer.errors import UsageError
from tracer.graph.record import Trace
from tracer.programs.adapters import Adapter
from tracer.programs.plain import run_plain
from tracer.programs.steps.trace import title_of
from tracer.rendering.engine import Engine
from tracer.views.text.recorded import recorded_lines


def trace_recorded(run: ProgramRun, options: TraceOptions, adapter: Adapter) -> int:
    """Run a program with the recorder of its library, and write what was recorded; returns the exit code."""
    if run.loss is not None:
        raise UsageError(
            f"--loss is for programs of NumPy: the loss of a {adapter.name} program is what its backward() begins at"
        )
    package = adapter.load(run.path)
    engine = engine_for(options.pictures, options.formats)
    shown = Path(options.output) if options.output else Path("output") / run.path.stem
    folder, options = _of_this_process(shown, Path.cwd(), options)
    with folder.kept_if_used():
        return _trace_into(folder, run, options, adapter, package, engine)


def _trace_into(
    folder: OutputFolder, run: ProgramRun, options: TraceOptions, adapter: Adapter, package: Any, engine: Engine | None
) -> int:
    tell = options.pictures.style.tell
    has_file = options.values != "none"
    recording, ending = run_plain(
        run.path,
        run.arguments,
        lambda: package.record(
            steps=run.kept, values=(options.values or "") if has_file else "all", budget=options.budget, title=run.path.stem,
            file=folder.path / TRACE_FILE if has_file else None, complete=lambda trace: _completed(trace, run.path),
            verdict=lambda step: verdict_on_recorded(step, package.check_steps),
        ),
    )  # fmt: skip
    code = report_ending(run.path, ending)
    exit_code = ending.exit_code if options.passes_exit_code else code
    trace = recording.trace
    if not trace.steps:
        if code:
            return exit_code
        raise UsageError(_nothing_found(run, adapter))
    if not options.quiet:
        for line in recorded_lines(trace, run.path.name, tell):
            click.echo(line)
        click.echo()
    head = replace(trace, steps=(), metrics=())
    if "steps" not in head.hyperparameters:
        head = replace(head, hyperparameters={"steps": len(trace.steps), **head.hyperparameters})
    if recording.writer is not None:
        recording.writer.shown = folder.shown / TRACE_FILE
    if not has_file and "pdf" in options.formats:
        head = replace(head, verdict=verdict_on_recorded(trace.steps[0], package.check_steps)())
    names = names_of(folder, str(run.path), run.arguments)
    output = ProgramOutput(head, trace.steps, folder, options.quiet, tell, names=names, file=recording.writer)
    output.write_all(options, engine)
    return exit_code


def _of_this_process(folder: Path, base: Path, options: TraceOptions) -> tuple[OutputFolder, TraceOptions]:
    """The folder that this process writes into, and what is written: of several that train together, each has its own.

    `torchrun` tells each process its rank. The first one prints what was found.
    """
    place = _rank()
    if place is None:
        return OutputFolder(folder, base), options
    shown = folder.with_name(f"{folder.name}-rank{place[0]}")
    return OutputFolder(shown, base), options if place[0] == 0 else replace(options, quiet=True)


def _rank() -> tuple[int, int] | None:
    """Which of how many processes this one is; None if it trains alone."""
    rank, count = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
    return (int(rank), int(count)) if rank.isdecimal() and count.isdecimal() and int(count) > 1 else None


def _completed(trace: Trace, path: Path) -> Trace:
    """A trace with what is known of the program and of this process."""
    source = source_text(path)
    settings = dict(trace.hyperparameters)
    if (place := _rank()) is not None:
        settings |= {RANK: place[0], RANKS: place[1]}
    told = {**versions(), **trace.versions}
    return replace(trace, title=title_of(source), source=source, versions=told, hyperparameters=settings)


def _nothing_found(run: ProgramRun, adapter: Adapter) -> str:
    if run.kept is not None:
        return f"{run.path.name} takes none of the steps {steps_text(run.kept)}"
    return f"{run.path.name} has no training step on record: no backward() of {adapter.name} ran in the process that was started"
