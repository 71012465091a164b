"""`tracer check`: checks the gradients of a scenario, or the hand-written ones of a program."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from tracer.cli.importing import importing
from tracer.cli.options import language_option
from tracer.cli.parameter_types import Dtype, Setting, WholeNumber
from tracer.cli.programs.options import ProgramRun, program_path, refuse_arguments, refuse_options, scenario_or_example
from tracer.cli.progress import Progress
from tracer.cli.shell.completion import complete_example, complete_scenario, complete_setting
from tracer.cli.trace_files import is_record, reading, refuse_other_files
from tracer.errors import UsageError
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language

if TYPE_CHECKING:
    from tracer.checking.results import Check
    from tracer.checking.scenario import CheckSubject

OF_SCENARIOS = ("second_order", "seed", "count", "exhaustive", "jobs", "backend", "settings", "parameters", "data", "dtype")
OF_PROGRAMS = ("steps", "loss")
"""Names of options that go with one of them only."""

WRONG = 1
"""The exit code if a gradient is wrong."""

HELP = """\b
Examples:
  tracer check fruit
  tracer check ./mine.py --second-order --seed 3 --examples 200 --json
  tracer check train.py
  tracer check --example attention
  tracer check output/train

Check the gradients of a scenario's first step, number by number, against derivatives that are found without any derivative
rule, and each rule by itself. Ends with exit code 0, or with 1 and what is wrong. Large models are checked by random sums over
all numbers and a sample of them.

A Python file that defines no scenario is run as a program, and its output is discarded: the gradients that it computes itself
are held against the true ones, and the first line that is wrong is named. Of a PyTorch program, or the record of one, the
gradients of the first steps are held against differences, and every rule by itself. Ends with exit code 0 if they are right, 1
if not, 5 if that cannot be told.
"""


@click.command("check", help=HELP)
@click.argument("scenario", required=False, shell_complete=complete_scenario)
@click.argument("arguments", metavar="[-- ARGS...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--example", metavar="NAME", shell_complete=complete_example, help="Check this example of `tracer list --all`.")
@click.option("--second-order", is_flag=True, help="Also the derivatives of the gradients.")
@click.option("--seed", metavar="N", type=WholeNumber(0), default=0, show_default=True, help="Seed of everything random.")
@click.option(
    "--examples", "count", metavar="N", type=WholeNumber(), default=1, show_default=True,
    help="Sets of parameters: its own, then drawn ones.",
)  # fmt: skip
@click.option("--exhaustive", is_flag=True, help="Every number, however many there are.")
@click.option("--jobs", metavar="N", type=WholeNumber(), default=1, show_default=True, help="Processes that share --exhaustive.")
@click.option("--backend", metavar="NAME", help="What runs them: dask, or another backend that joblib knows.")
@click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    type=Setting(),
    multiple=True,
    shell_complete=complete_setting,
    help="Settings of the scenario.",
)
@click.option("--parameters", metavar="FILE", help="Initial values: a checkpoint, an .npz file of named arrays.")
@click.option("--data", metavar="PATH", help="Data file or folder, for a scenario that takes one.")
@click.option("--dtype", metavar="DTYPE", type=Dtype(), default="float64", show_default=True, help="float32 or float64.")
@click.option("--steps", metavar="N", type=WholeNumber(2), help="Of a program: the steps that it is run for.")
@click.option("--loss", metavar="NAME", help="Of a program: the variable that is the loss (default: found by its name).")
@click.option("--json", "as_json", is_flag=True, help="Print everything that was found as JSON.")
@language_option
@click.pass_context
def command(
    context: click.Context,
    scenario: str | None,
    arguments: tuple[str, ...],
    example: str | None,
    second_order: bool,
    seed: int,
    count: int,
    exhaustive: bool,
    jobs: int,
    backend: str | None,
    settings: Sequence[tuple[str, str]],
    parameters: str | None,
    data: str | None,
    dtype: str,
    steps: int | None,
    loss: str | None,
    as_json: bool,
    tell: Language,
) -> None:
    scenario = scenario_or_example(scenario, example, "checked")
    if (program := program_path(scenario)) is not None:
        from tracer.cli.programs.checking import check_of_program

        refuse_options(context, OF_SCENARIOS, of="scenarios", why=f"{program.name} is a program, and runs as it stands")
        run = ProgramRun(program, arguments, loss=loss)
        raise click.exceptions.Exit(check_of_program(run, steps, as_json=as_json, tell=tell))
    if is_record(scenario):
        from tracer.cli.programs.checking import check_of_record

        refuse_options(context, (*OF_SCENARIOS, "loss"), of="scenarios and programs", why=f"{scenario} is a record")
        refuse_other_files(scenario)
        with reading(scenario) as trace:
            raise click.exceptions.Exit(check_of_record(trace, scenario, steps, as_json=as_json, tell=tell))
    refuse_options(context, OF_PROGRAMS, of="programs", why=f"{scenario} is a scenario")
    refuse_arguments(arguments)
    with importing("tracer.checking.scenario"):
        from tracer.checking.scenario import CheckSubject, check_scenario
        from tracer.views.text.check import check_table, failure_lines, note_lines, verdict_line

    if (jobs > 1 or backend) and not exhaustive:
        raise UsageError("--jobs and --backend share out the work of --exhaustive: give that too")
    if exhaustive and count > 1:
        raise UsageError("--exhaustive checks one set of parameters: leave --examples out, or check each with --parameters")
    subject = CheckSubject(
        scenario=scenario,
        seed=seed,
        dtype=dtype,
        settings=dict(settings),
        parameters=parameters,
        data=data,
    ).with_absolute_paths()  # the scenario's code may change the current folder
    # Output of the scenario would corrupt --json.
    with redirect_stdout(sys.stderr):
        if exhaustive:
            found, done = _check_exhaustively(subject, second_order, jobs, backend, tell, quiet=as_json), 1
        else:
            with Progress(count, tell("checking"), quiet=as_json) as progress:
                found, done = check_scenario(subject, second_order=second_order, examples=count, after_each=progress.step)
    if as_json:
        head: dict[str, Any] = {"scenario": scenario, "seed": subject.seed, "dtype": dtype, "examples": done}
        click.echo(json_text(head | found.as_data(), indent=1))
    else:
        for line in [
            *check_table(found, tell),
            verdict_line(found, done, count, tell),
            *failure_lines(found, tell),
            *note_lines(found, tell),
        ]:
            click.echo(line)
    if not found.passed:
        raise click.exceptions.Exit(WRONG)


def _check_exhaustively(
    subject: CheckSubject, second_order: bool, jobs: int, backend: str | None, tell: Language, *, quiet: bool
) -> Check:
    from tracer.checking.parallel import check_exhaustively, merge_ranges, split_ranges
    from tracer.checking.scenario import compare_with_plain_functions, record_step

    step = record_step(subject)
    tasks = split_ranges(subject, step, second_order=second_order, jobs=jobs)
    comparisons = []
    with Progress(len(tasks), tell("checking"), quiet=quiet) as progress:
        for comparison in check_exhaustively(step, tasks, jobs=jobs, backend=backend):
            comparisons.append(comparison)
            progress.step()
    check = merge_ranges(step, comparisons, subject.seed, second_order=second_order)
    return compare_with_plain_functions(check, step, subject)
