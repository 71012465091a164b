"""Says how a program ended: its traceback as under plain Python, and one line."""

from __future__ import annotations

import traceback
from pathlib import Path

import click

from tracer.programs.record import Ending
from tracer.recording.source import PACKAGE

FAILED = 3
"""The exit code if the program raised, or exited with another code than 0."""


def report_ending(path: Path, ending: Ending) -> int:
    """Print how a program ended if it failed; returns the exit code of the command."""
    error = ending.error
    if error is None or (isinstance(error, SystemExit) and ending.exit_code == 0):
        return 0
    if isinstance(error, SystemExit):
        if isinstance(error.code, str):
            click.echo(error.code, err=True)
        _say(f"{path.name} ended with exit code {ending.exit_code}{_line(error)}")
        return FAILED
    if isinstance(error, KeyboardInterrupt):
        _say(f"{path.name} was interrupted{_line(error)}")
        return ending.exit_code
    click.echo(_traceback_text(error), err=True, nl=False)
    _say(f"{path.name} raised {type(error).__name__}{_line(error)}")
    return FAILED


def _say(text: str) -> None:
    click.echo(f"tracer: {text}", err=True)


def _is_own(filename: str) -> bool:
    """Whether a frame belongs to this package."""
    return Path(filename).is_relative_to(PACKAGE)


def _frames(error: BaseException) -> traceback.StackSummary:
    found = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_own(frame.filename)]
    return traceback.StackSummary.from_list(found)


def _line(error: BaseException) -> str:
    frames = _frames(error)
    return f" in line {frames[-1].lineno}" if frames else ""


def _traceback_text(error: BaseException) -> str:
    """The traceback of an error, and of those that it came from, without the frames of this package."""
    told = traceback.TracebackException.from_exception(error)
    part: traceback.TracebackException | None = told
    while part is not None:
        part.stack = traceback.StackSummary.from_list([frame for frame in part.stack if not _is_own(frame.filename)])
        part = part.__cause__ or part.__context__
    return "".join(told.format())
