"""`tracer verify`: re-executes every recorded operation and compares the results."""

from __future__ import annotations

import click

from tracer.analysis.verify import verify as verify_trace
from tracer.cli.options import language_option
from tracer.cli.output import say
from tracer.cli.progress import Progress
from tracer.cli.shell.completion import complete_run
from tracer.cli.trace_files import reading
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language
from tracer.views.text.verify import verdict_data, verdict_lines

WRONG = 1
"""The exit code if a recorded value is not what its operation computes."""

HELP = """\b
Example:
  tracer verify fruit

Compute every recorded operation again from its recorded inputs. Where this machine's arithmetic is that of the machine
which made the record, all values have to agree bit for bit; elsewhere (another processor, BLAS, NumPy or number of threads)
within a stated number of units in the last place, and that is said. Ends with exit code 0, or with 1 and the node.
"""


@click.command("verify", help=HELP)
@click.argument("file", shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="Print everything that was found as JSON.")
@language_option
def command(file: str, as_json: bool, tell: Language) -> None:
    with reading(file) as trace:
        with Progress(len(trace.steps), tell("verifying"), quiet=as_json) as progress:
            verdict = verify_trace(trace, progress.step)
        say([json_text(verdict_data(trace, verdict), indent=1)] if as_json else verdict_lines(trace, verdict, tell))
    if not verdict.passed:
        raise click.exceptions.Exit(WRONG)
