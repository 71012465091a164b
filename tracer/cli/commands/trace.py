"""`tracer trace`: runs a scenario or a program and writes what was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracer.cli.closing.diagnosis import diagnosis_of
from tracer.cli.closing.next_steps import names_of, next_lines
from tracer.cli.closing.played import trace_to_play
from tracer.cli.closing.trace_file_line import trace_file_line
from tracer.cli.files import OutputFolder, absolute
from tracer.cli.importing import importing
from tracer.cli.parameter_types import Dtype, Names, OneOf, Setting, Size, WholeNumber, WholeNumbers
from tracer.cli.picture_files import PICTURES, PictureWriter, engine_for
from tracer.cli.picture_options import PictureOptions, picture_options
from tracer.cli.programs.options import (
    ProgramRun,
    program_path,
    refuse_arguments,
    refuse_options,
    refuse_structure,
    scenario_or_example,
)
from tracer.cli.programs.output import TraceOptions
from tracer.cli.shell.completion import complete_example, complete_scenario, complete_setting
from tracer.i18n.language import Language
from tracer.store.retention import CHOICES
from tracer.views.booklet.summary.whole_run import WholeRun
from tracer.views.explaining.next_commands import RunNames

if TYPE_CHECKING:
    from tracer.cli.run import Run

FORMATS = ("pdf", "html", "log", *PICTURES)

OF_SCENARIOS = ("seed", "settings", "parameters", "data", "dtype", "verbose")
OF_PROGRAMS = ("kept", "loss", "passes_exit_code")
"""Names of options that go with one of them only."""

HELP = """\b
Examples:
  tracer trace fruit
  tracer trace mnist --steps 5 --seed 1 --set learning_rate=0.05 -o somewhere --format pdf,log,svg
  tracer trace ./mine.py
  tracer trace train.py -- --epochs 3
  tracer trace --example attention

Run a scenario, by its name from `tracer list` or by the path of a Python file, and write every number of its training
steps: steps.pdf, a booklet of eight pages (more with --pages), steps.log with all steps, and trace.sqlite, which the other
commands read. With --zoom, --focus or --phase the PDF holds that picture of each step.

A Python file that defines no scenario is run as a program of NumPy or PyTorch, as it stands: what it trains is found in it.
What follows -- are its arguments.
"""


@click.command("trace", help=HELP)
@click.argument("scenario", required=False, shell_complete=complete_scenario)
@click.option("--example", metavar="NAME", shell_complete=complete_example, help="Run this example of `tracer list --all`.")
@click.argument("arguments", metavar="[-- ARGS...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--steps", metavar="N", type=WholeNumber(), help="Training steps to run (default: the scenario's own number).")
@click.option("--seed", metavar="N", type=WholeNumber(0), default=0, show_default=True, help="Seed of everything random.")
@click.option(
    "--set", "settings", metavar="NAME=VALUE", type=Setting(), multiple=True, shell_complete=complete_setting,
    help="learning_rate, optimizer, epochs, shuffle, ...",
)  # fmt: skip
@click.option("--parameters", metavar="FILE", help="Initial values: a checkpoint, an .npz file of named arrays.")
@click.option("--data", metavar="PATH", help="Data file or folder, for a scenario that takes one.")
@click.option("--dtype", metavar="DTYPE", type=Dtype(), help="float32 or float64, for all floating data.")
@click.option("-o", "--output", metavar="FOLDER", help="Where to write (default: output/SCENARIO).")
@click.option(
    "--format", "formats", metavar="LIST", type=Names("format", FORMATS), default="pdf,log", show_default=True,
    help=f"Of {', '.join(FORMATS)}.",
)  # fmt: skip
@click.option(
    "--values", type=OneOf((*CHOICES, "structure", "none")),
    help="Of the trace file; none is no file, structure is for PyTorch (default: by --budget).",
)  # fmt: skip
@click.option("--budget", metavar="SIZE", type=Size(), default="256MB", show_default=True, help="Where a sample of steps begins.")
@click.option("--record", "kept", metavar="LIST", type=WholeNumbers(0), help="Of a program: the steps to keep, as 0,1,50-60.")
@click.option("--loss", metavar="NAME", help="Of a program: the variable that is the loss (default: found by its name).")
@click.option("--exit-code", "passes_exit_code", is_flag=True, help="Of a program: end with its exit code.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line for every step.")
@picture_options
@click.pass_context
def command(
    context: click.Context,
    scenario: str | None,
    example: str | None,
    arguments: tuple[str, ...],
    steps: int | None,
    seed: int,
    settings: Sequence[tuple[str, str]],
    parameters: str | None,
    data: str | None,
    dtype: str | None,
    output: str | None,
    formats: Sequence[str],
    values: str | None,
    budget: int,
    kept: Sequence[int] | None,
    loss: str | None,
    passes_exit_code: bool,
    quiet: bool,
    verbose: bool,
    options: PictureOptions,
) -> None:
    options.check(formats)
    scenario = scenario_or_example(scenario, example, "run")
    if (program := program_path(scenario)) is not None:
        refuse_options(context, OF_SCENARIOS, of="scenarios", why=f"{program.name} is a program, and runs as it stands")
        wanted = TraceOptions(output, formats, values, budget, quiet, passes_exit_code, options)
        context.exit(_trace_program(ProgramRun(program, arguments, _steps_to_keep(kept, steps), loss), wanted))
    refuse_options(context, OF_PROGRAMS, of="programs", why=f"{scenario} is a scenario")
    refuse_arguments(arguments)
    refuse_structure(values)
    with importing("tracer.cli.run"):  # here, as a program needs none of it
        from tracer.cli.run import Run, run_all_steps
        from tracer.store.writing import TraceWriter
        from tracer.training import Training
        from tracer.training.loading import folder_name, load

    # Check every argument before the run starts. The scenario's code may change the current folder.
    base = Path.cwd()
    tell = options.style.tell
    layout_engine = engine_for(options, formats)
    training = Training(
        load(scenario),
        steps=steps,
        seed=seed,
        settings=dict(settings),
        parameters=absolute(parameters, base),
        data=absolute(data, base),
        dtype=dtype,
    )
    folder = OutputFolder(Path(output) if output else Path("output") / folder_name(training.scenario), base)
    run = Run(training, folder, Path(parameters) if parameters else None, quiet=quiet, verbose=verbose, tell=tell)
    run.checks = values != "none" or "pdf" in formats
    if values != "none":
        # Before the log: raises if another run is writing to this folder.
        run.file = TraceWriter(folder.path / "trace.sqlite", training.head, values or "", budget, folder.shown / "trace.sqlite")
    log = folder.growing("steps.log") if "log" in formats else None
    run_all_steps(run, log)
    written = [*run.checkpoint_lines, *([trace_file_line(run.file, tell)] if run.file is not None else [])]
    written += [tell("{path} ({count:,} lines)", path=log.finish(), count=log.lines)] if log is not None else []
    made = {"trace.sqlite": run.file is not None, "steps.log": log is not None, "steps.pdf": "pdf" in formats}
    left = [folder.shown / name for name, is_made in made.items() if not is_made and (folder.path / name).exists()]
    if not quiet:
        # Before the pictures: what happens to them does not concern the run.
        if run.has_printed:
            click.echo()  # separates the program's output from the summary
        for line in run.summary():
            click.echo(line)
        for line in written:
            click.echo(tell("wrote {path}", path=line))
    writer = PictureWriter(options, folder, layout_engine, quiet)
    names = names_of(folder, scenario)
    drawn = []
    for path in _pictures(run, writer, formats, names, tell):
        drawn.append(path)
        if not quiet:
            click.echo(tell("wrote {path}", path=path))
    for warning in writer.warnings():
        click.echo(warning, err=True)
    if not quiet:
        for path in left:
            click.echo(tell("left {path}, which is of an earlier run", path=path))
        if run.file is not None and run.first is not None:
            files = [*drawn, *([log.shown] if log is not None else [])]
            for line in next_lines(run.trace_to_draw(), names, files, tell, is_finite=run.finiteness.has_finite_results):
                click.echo(line)


def _steps_to_keep(listed: Sequence[int] | None, count: int | None) -> frozenset[int] | None:
    """The steps of --record and of --steps, in both if both are given; None for all steps."""
    if count is None:
        return frozenset(listed) if listed is not None else None
    return frozenset(range(count)).intersection(range(count) if listed is None else listed)


def _trace_program(run: ProgramRun, wanted: TraceOptions) -> int:
    # Imported here: a scenario needs nothing of it, and it takes a fifth of the time until the run starts.
    from tracer.programs.adapters import adapter_of

    adapter = adapter_of(run.path)
    if adapter is not None:
        from tracer.cli.programs.recording import trace_recorded

        return trace_recorded(run, wanted, adapter)
    from tracer.cli.programs.tracing import trace_program

    refuse_structure(wanted.values)
    return trace_program(run, wanted)


def _pictures(run: Run, writer: PictureWriter, formats: Sequence[str], names: RunNames, tell: Language) -> Iterator[Path]:
    """Write the pictures; yield their paths."""

    def whole() -> WholeRun:
        found = diagnosis_of(run.file, writer.options, formats)
        return WholeRun(run.parameter_histories.histories(), run.finiteness.notice(tell), found, names)

    drawn = run.trace_to_draw()
    return writer.draw(drawn, formats, whole, lambda: trace_to_play(run.file, drawn))
