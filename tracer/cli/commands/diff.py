"""`tracer diff`: the first difference between two runs."""

from __future__ import annotations

import click

from tracer.analysis.diff import NotCompared, differing_settings, first_difference, values_not_compared
from tracer.analysis.replicas import are_replicas, compare_replicas
from tracer.cli.options import language_option, precision_option
from tracer.cli.output import say
from tracer.cli.parameter_types import Fraction
from tracer.cli.shell.completion import complete_run
from tracer.cli.trace_files import reading
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language
from tracer.views.node_data import message_data
from tracer.views.text.diff import caveat_lines, diff_data, diff_lines, replica_lines

DIFFERENT = 1
"""The exit code if the two runs differ."""

HELP = """\b
Examples:
  tracer diff before.sqlite after.sqlite
  tracer diff fruit output/fruit-other/trace.sqlite --tolerance 1e-6

The first step, node and element in which two runs part, in their structure or in a bit of a value. Ends with exit code 0
where they are the same, else with 1.

Two ranks of a PyTorch training are compared in what ought to agree: parameters, buffers, results of collectives, gradients that
the optimizer uses. Data, local gradients and random numbers are passed over.
"""


@click.command("diff", help=HELP)
@click.argument("one", shell_complete=complete_run)
@click.argument("other", shell_complete=complete_run)
@click.option(
    "--tolerance", metavar="SHARE", type=Fraction(), default="0", show_default=True,
    help="Relative difference that is let pass, from 0 to below 1.",
)  # fmt: skip
@precision_option(6)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@language_option
def command(one: str, other: str, tolerance: float, digits: int, as_json: bool, tell: Language) -> None:
    with reading(one) as mine, reading(other) as theirs:
        settings = differing_settings(mine, theirs)
        replicas = compare_replicas(mine, theirs, tolerance) if are_replicas(mine, theirs) else None
        found = replicas.found if replicas is not None else first_difference(mine, theirs, tolerance)
        without_values = values_not_compared(mine, theirs) if found is None else NotCompared()
        if as_json:
            data = diff_data(mine, theirs, settings, found)
            data |= {"tolerance": tolerance, "steps_without_values": without_values.steps}
            data["why_missing"] = [message_data(each) for each in without_values.reasons]
            say([json_text(data, indent=1)])
        elif replicas is not None:
            say(replica_lines(mine, theirs, replicas, digits, tell))
            say(caveat_lines(mine, theirs, tolerance, without_values, tell))
        else:
            say(diff_lines(mine, theirs, settings, found, digits, tell))
            say(caveat_lines(mine, theirs, tolerance, without_values, tell))
    if found is not None:
        raise click.exceptions.Exit(DIFFERENT)
