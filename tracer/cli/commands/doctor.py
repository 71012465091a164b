"""`tracer doctor`: what is wrong with how a run trains."""

from __future__ import annotations

import click

from tracer.analysis.doctor.examining import examine
from tracer.cli.options import language_option
from tracer.cli.output import say
from tracer.cli.shell.completion import complete_run
from tracer.cli.trace_files import reading
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language
from tracer.views.text.doctor import doctor_data, doctor_lines

FOUND = 1
"""The exit code if something is found."""

HELP = """\b
Examples:
  tracer doctor linear-regression
  tracer doctor output/train/trace.sqlite --json

What is wrong with how a run trains, by the rules that training debuggers have: a loss that does not fall or oscillates,
vanishing and exploding gradients, dead and saturated units, updates that are too large or too small, parameters that never
move, inputs that are not scaled, rare classes, NaN. Each finding has its node, its line, the numbers that say so, and what
people do about it. Ends with exit code 1 where something is found, else with 0.
"""


@click.command("doctor", help=HELP)
@click.argument("file", shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@language_option
def command(file: str, as_json: bool, tell: Language) -> None:
    with reading(file) as trace:
        found = examine(trace)
        say([json_text(doctor_data(trace, found), indent=1)] if as_json else doctor_lines(trace, found, tell))
        if trace.unfinished and not as_json:
            say([tell("the record ends early: {reason}", reason=tell.message(trace.unfinished))])
    if found.findings:
        raise click.exceptions.Exit(FOUND)
