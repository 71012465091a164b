"""`tracer blame`: finds the first NaN or infinity of a run."""

from __future__ import annotations

import click

from tracer.cli.options import language_option, precision_option
from tracer.cli.output import say
from tracer.cli.trace_files import reading
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language
from tracer.views.text.blame import blame_data, blame_lines

HELP = """\b
Example:
  tracer blame linear-regression

The first NaN or infinity of a run: the operation that made it, its inputs, its line in the code, and the way from the
parameters to it.
"""


@click.command("blame", help=HELP)
@click.argument("file")
@click.option("--nan", "only_nan", is_flag=True, help="The first NaN: infinities, as of a mask, are passed over.")
@precision_option(4)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@language_option
def command(file: str, only_nan: bool, digits: int, as_json: bool, tell: Language) -> None:
    with reading(file) as trace:
        found = trace.first_nonfinite(only_nan=only_nan)
        say([json_text(blame_data(trace, found), indent=1)] if as_json else blame_lines(trace, found, digits, tell))
        if trace.unfinished and not as_json:
            say([tell("the record ends early: {reason}", reason=tell.message(trace.unfinished))])
