"""The command `tracer`. Only this package prints and writes files."""

from __future__ import annotations

import io
import os
import sys

import click

from tracer.cli.group import CommandGroup
from tracer.cli.interruption import report_interruption
from tracer.version import VERSION

EXAMPLE = """\b
Example:
  tracer trace fruit          every number of six training steps, as a PDF and a log

See a training step: forward, loss, every backward operation and the update, with values, formulas and source lines.
"""


START = """\
tracer shows a training step: every number forward, back and in the update, and the line of code that it is from.

  tracer trace fruit          run a scenario: a booklet (PDF), a step log and a trace file
  tracer trace train.py       the same of your own script, NumPy or PyTorch, as it stands
  tracer check train.py       which line of a backward pass by hand is wrong
  tracer new mine.py          a small scenario to start from
  tracer list --all           what comes with the project

All commands: tracer --help; of one: tracer trace --help"""


@click.group(
    cls=CommandGroup, help=EXAMPLE, invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)  # fmt: skip
@click.option("--version", "shows_version", is_flag=True, help="Show the version and exit; with -v also what is installed.")
@click.option("-v", "--verbose", is_flag=True, help="With --version.")
@click.pass_context
def command(context: click.Context, shows_version: bool, verbose: bool) -> None:
    if shows_version:
        click.echo(f"tracer, version {VERSION}")
        if verbose:
            from tracer.cli.shell.installed import installed_lines  # slow to import

            for line in installed_lines():
                click.echo(line)
        context.exit()
    if verbose:
        raise click.UsageError("-v goes with --version, or after a command that takes it", context)
    if context.invoked_subcommand is None:
        click.echo(START)


def main() -> None:
    """Run the command and exit with its code.

    0: success; 1: a check failed or two runs differ; 2: usage error; 3: the scenario's code raised;
    4: not a trace file, or a damaged one; 130: interrupted.
    """
    if "_TRACER_COMPLETE" in os.environ:
        command.main(prog_name="tracer")  # shell completion
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # Escape characters that the terminal's encoding lacks, such as Chinese in Latin-1, instead of raising.
        sys.stdout.reconfigure(errors="backslashreplace")
    started_in = _current_folder()
    try:
        # Not command.main(): it turns KeyboardInterrupt and a closed pipe into its own exceptions.
        with command.make_context("tracer", sys.argv[1:]) as context:
            command.invoke(context)
        if sys.stdout is not None:  # None if the process was started without one
            sys.stdout.flush()
    except click.exceptions.Exit as exit:
        sys.exit(exit.exit_code)
    except KeyboardInterrupt as error:
        # Without the import below: it may be what was interrupted, and NumPy cannot be imported twice.
        sys.exit(report_interruption(error))
    except BaseException as error:
        from tracer.cli.errors import report_error  # imports much that only errors need

        sys.exit(report_error(error, started_in))


def _current_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 (pathlib is slow to import)
    except OSError:  # it was removed
        return ""


__all__ = ["command", "main"]
