"""The command `tracer`. Only this package prints and writes files."""

from __future__ import annotations

import io
import os
import sys

import click

from tracer.cli.group import CommandGroup

EXAMPLE = """\b
Example:
  tracer trace fruit          every number of six training steps, as a PDF and a log

See a training step: forward, loss, every backward operation and the update, with values, formulas and source lines.
"""


@click.group(cls=CommandGroup, help=EXAMPLE, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="steptracer", prog_name="tracer")
def command() -> None:
    pass


def main() -> None:
    """Run the command and end with its exit code.

    0: done; 1: a check failed, or two runs are not the same; 2: wrong usage; 3: the scenario's code raised;
    4: a file that is no trace file, or damaged; 130: interrupted.
    """
    if "_TRACER_COMPLETE" in os.environ:
        command.main(prog_name="tracer")  # a shell asks click for completions
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # What the encoding of a terminal lacks, such as Chinese in Latin-1, is escaped: nothing ends for it.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        # Not command.main(): it would turn an interruption and a closed pipe into exceptions of its own.
        with command.make_context("tracer", sys.argv[1:]) as context:
            command.invoke(context)
        if sys.stdout is not None:  # where the program was started without one
            sys.stdout.flush()
    except click.exceptions.Exit as exit:
        sys.exit(exit.exit_code)
    except BaseException as error:
        from tracer.cli.errors import report_error  # knows of all that can go wrong: only then it is read

        sys.exit(report_error(error))


__all__ = ["command", "main"]
