"""What is said on standard error when something went wrong, and the exit code for it."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from pathlib import Path

import click

from tracer.errors import RecordingError, TracerError
from tracer.scenario import bundled_folder

PACKAGE = Path(__file__).parent.parent
INTERRUPTED = 130
SCENARIO_RAISED = 3
_INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def report(error: BaseException) -> int:
    """Say what went wrong in as few lines as it needs, and return the exit code."""
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        _say(f"interrupted{_notes(error)}")
        return INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "tracer"
        _say(f"{error.format_message()} (see {command} --help)")
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # The reader has seen enough. What is still in the buffer has nowhere to go when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    frames = user_frames(error)
    if isinstance(error, SystemExit):
        _say(f"the scenario's own code ended the program with sys.exit({error.code if error.code is not None else ''})")
        return SCENARIO_RAISED
    if isinstance(error, RecordingError) and frames:
        last = frames[-1]
        _say(f"{Path(last.filename).name}:{last.lineno}: {last.line}: {error}{_notes(error)}")
        return error.exit_code
    if isinstance(error, TracerError):
        _say(f"{error}{_notes(error)}")
        return error.exit_code
    if isinstance(error, OSError) and not frames:
        _say(f"{error.filename or 'a file'}: {error.strerror or error}")
        return 2
    if isinstance(error, SyntaxError) and error.filename and not _is_ours(error.filename):
        _say("the scenario's file cannot be read by Python:")
        click.echo("".join(traceback.format_exception_only(error)).rstrip(), err=True)
        return SCENARIO_RAISED
    if frames:
        _say("the scenario's own code raised:")
        click.echo("Traceback (most recent call last):", err=True)
        click.echo("".join(traceback.StackSummary.from_list(frames).format()).rstrip(), err=True)
        click.echo("".join(traceback.format_exception_only(error)).rstrip(), err=True)
        return SCENARIO_RAISED
    traceback.print_exception(error)
    return 1


def user_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The part of a traceback that runs through the user's own code, up to the user's last line."""
    return [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]


def _is_ours(filename: str) -> bool:
    """Whether a file belongs to this package, to Python or to an installed library, and not to the user."""
    path = Path(filename)
    if filename.startswith("<") or path.is_relative_to(bundled_folder()):
        return filename.startswith("<")
    return any(path.is_relative_to(folder) for folder in (PACKAGE, *_INSTALLED))


def _notes(error: BaseException) -> str:
    notes = getattr(error, "__notes__", [])
    return f" ({'; '.join(notes)})" if notes else ""


def _say(text: str) -> None:
    click.echo(f"tracer: {text}", err=True)


