"""The command `tracer`: a file a verb. Only here is anything printed or written."""

from __future__ import annotations

import os
import sys

import click

from tracer.cli.blaming import blame
from tracer.cli.checking import check
from tracer.cli.comparing import diff
from tracer.cli.exporting import export
from tracer.cli.listing import list_scenarios
from tracer.cli.logging import log
from tracer.cli.rendering import render
from tracer.cli.reporting import report
from tracer.cli.showing import show
from tracer.cli.tracing import trace
from tracer.cli.verifying import verify

EXAMPLE = """\b
Example:
  tracer trace fruit          every number of six training steps, as a PDF and a log

See a training step: forward, loss, every backward operation and the update, with values, formulas and source lines.
"""


@click.group(help=EXAMPLE, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="steptracer", prog_name="tracer")
def command() -> None:
    pass


for verb in (list_scenarios, trace, check, log, show, diff, verify, blame, render, export):
    command.add_command(verb)


def main() -> None:
    """Run the command and end with its exit code.

    0: done; 1: a check failed, or two runs are not the same; 2: wrong usage; 3: the scenario's code raised;
    4: a file that is no trace file, or damaged; 130: interrupted.
    """
    if "_TRACER_COMPLETE" in os.environ:
        command.main(prog_name="tracer")  # a shell asks click for completions
    try:
        # Not command.main(): it would turn an interruption and a closed pipe into exceptions of its own.
        with command.make_context("tracer", sys.argv[1:]) as context:
            command.invoke(context)
        if sys.stdout is not None:  # where the program was started without one
            sys.stdout.flush()
    except click.exceptions.Exit as exit:
        sys.exit(exit.exit_code)
    except BaseException as error:
        sys.exit(report(error))


__all__ = ["command", "main"]
