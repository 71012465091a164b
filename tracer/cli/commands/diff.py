"""`tracer diff`: where two runs part."""

from __future__ import annotations

import math

import click

from tracer.analysis.diff import left_out, parting, settings_apart
from tracer.cli.options import language_option, precision_of
from tracer.cli.output import say
from tracer.cli.trace_files import reading
from tracer.errors import UsageError
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language
from tracer.views.text.diff import parting_data, parting_lines, reserve_lines

PARTED = 1
"""The exit code where two runs are not the same."""

HELP = """\b
Examples:
  tracer diff before.sqlite after.sqlite
  tracer diff fruit output/fruit-other/trace.sqlite --tolerance 1e-6

The first step, node and element in which two runs part, in their structure or in a bit of a value. Ends with exit code 0
where they are the same, else with 1.
"""


@click.command("diff", help=HELP)
@click.argument("one")
@click.argument("other")
@click.option("--tolerance", metavar="SHARE", default="0", show_default=True, help="Relative difference that is let pass.")
@click.option("--precision", metavar="DIGITS", default="6", show_default=True, help="Significant digits.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@language_option
def command(one: str, other: str, tolerance: str, precision: str, as_json: bool, tell: Language) -> None:
    digits, share = precision_of(precision), _share(tolerance)
    with reading(one) as mine, reading(other) as theirs:
        settings = settings_apart(mine, theirs)
        found = parting(mine, theirs, share)
        without_values = left_out(mine, theirs) if found is None else 0
        if as_json:
            data = parting_data(mine, theirs, settings, found)
            say([json_text(data | {"tolerance": share, "steps_without_values": without_values}, indent=1)])
        else:
            say(parting_lines(mine, theirs, settings, found, digits, tell))
            say(reserve_lines(mine, theirs, share, without_values, tell))
    if found is not None:
        raise click.exceptions.Exit(PARTED)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share < 1:
        raise UsageError(f"--tolerance takes a number from 0 to below 1, this is {text!r}")
    return share
