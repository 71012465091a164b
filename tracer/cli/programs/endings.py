"""Says in a line how a program ended that failed. Its traceback was printed as under plain Python."""

from __future__ import annotations

import traceback
from pathlib import Path

import click

from tracer.cli.interruption import INTERRUPTED
from tracer.programs.record import Ending

FAILED = 3
"""The exit code if the program raised, or exited with another code than 0."""


def report_ending(path: Path, ending: Ending) -> int:
    """Print how a program ended if it failed; returns the exit code of the command."""
    error = ending.error
    if error is None or (isinstance(error, SystemExit) and ending.exit_code == 0):
        return 0
    if isinstance(error, SystemExit):
        _say(f"{path.name} ended with exit code {ending.exit_code}{_line(path, error)}")
        return FAILED
    if isinstance(error, KeyboardInterrupt):
        _say(f"{path.name} was interrupted{_line(path, error)}")
        return INTERRUPTED
    _say(f"{path.name} raised {type(error).__name__}{_line(path, error)}")
    return FAILED


def _say(text: str) -> None:
    click.echo(f"tracer: {text}", err=True)


def _line(path: Path, error: BaseException) -> str:
    """The line of the program that an exception comes from."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == path.name]
    return f" in line {lines[-1]}" if lines else ""
