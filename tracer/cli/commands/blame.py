"""`tracer blame`: finds the operation that made a result NaN or infinite."""

from __future__ import annotations

import click

from tracer.analysis.blame import first_culprit
from tracer.cli.options import language_option, precision_option
from tracer.cli.output import say
from tracer.cli.shell.completion import complete_node, complete_run
from tracer.cli.trace_files import reading
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language
from tracer.views.text.blame import Request, blame_data, blame_lines, target_finder

FOUND = 1
"""The exit code if something is found."""

HELP = """\b
Examples:
  tracer blame linear-regression
  tracer blame fruit --of h1

The operation that made a loss, a gradient or an update NaN or infinite: its inputs, its line in the code, and the way from the
parameters to it. NaN and infinities that a mask or an index discards are passed over. Ends with exit code 1 where something is
found, else with 0.
"""


@click.command("blame", help=HELP)
@click.argument("file", shell_complete=complete_run)
@click.option(
    "--of",
    "of",
    metavar="NODE",
    default="",
    shell_complete=complete_node,
    help="Go back from this node or element, not from loss, gradients and updates.",
)
@click.option("--nan", "only_nan", is_flag=True, help="The first NaN: infinities are passed over.")
@precision_option(4)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@language_option
def command(file: str, of: str, only_nan: bool, digits: int, as_json: bool, tell: Language) -> None:
    with reading(file) as trace:
        found = first_culprit(trace, only_nan=only_nan, target_in=target_finder(trace, of) if of else None)
        request = Request(of, only_nan, digits)
        say([json_text(blame_data(trace, found), indent=1)] if as_json else blame_lines(trace, found, request, tell))
        if trace.unfinished and not as_json:
            say([tell("the record ends early: {reason}", reason=tell.message(trace.unfinished))])
    if found is not None:
        raise click.exceptions.Exit(FOUND)
