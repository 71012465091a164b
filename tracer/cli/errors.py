"""Error messages on standard error, and exit codes."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import traceback
from pathlib import Path

import click

from tracer.cli.interruption import notes, report_interruption
from tracer.errors import RecordingError, TracerError, close_names, similar_names
from tracer.recording.source import PACKAGE
from tracer.training.bundled import bundled_folder

WRONG_USAGE, SCENARIO_RAISED = 2, 3
_INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def report_error(error: BaseException, folder: str = "") -> int:
    """Print the error as briefly as possible and return the exit code; paths in `folder` are shown relative to it."""
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, StopIteration):
        error = error.__cause__  # PEP 479: Python replaces a StopIteration that leaves a generator
    trail = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in trail if not _is_library(frame.filename)]
    by_user = bool(trail) and not _is_library(trail[-1].filename)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return report_interruption(error)
    if isinstance(error, BrokenPipeError) and not by_user:
        # The reader closed the pipe. Without this, Python's final flush of stdout would raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, SystemExit):
        where = f"{_short(frames[-1].filename)}:{frames[-1].lineno}: " if frames else ""
        code = "" if error.code is None else repr(error.code)
        _print_error(f"{where}the scenario's own code ended the program with sys.exit({code}){notes(error)}")
        return SCENARIO_RAISED
    if (not by_user or isinstance(error, RecordingError)) and (known := _report_known(error, frames, folder)) is not None:
        return known
    if isinstance(error, SyntaxError) and error.filename and not _is_library(error.filename):
        kind = "the scenario's file" if _defines_scenario(error.filename) else "the program"
        _print_error(f"{kind} cannot be read by Python:")
        click.echo("".join(traceback.format_exception_only(error)).rstrip(), err=True)
        return SCENARIO_RAISED
    if frames:
        _print_error("the scenario's own code raised:")
        click.echo("Traceback (most recent call last):", err=True)
        click.echo("".join(traceback.StackSummary.from_list(frames).format()).rstrip(), err=True)
        click.echo("".join(traceback.format_exception_only(error)).rstrip(), err=True)
        return SCENARIO_RAISED
    traceback.print_exception(error)
    return 1


def _defines_scenario(filename: str) -> bool:
    """Whether a file that Python cannot read looks like one of a scenario."""
    try:
        text = Path(filename).read_text(errors="replace")
    except OSError:
        return False
    return re.search(r"^scenario\s*=|\bScenario\(", text, re.MULTILINE) is not None


def _report_known(error: BaseException, frames: list[traceback.FrameSummary], folder: str) -> int | None:
    """Report an error that this package raises on purpose; None for any other."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "tracer"
        _print_error(f"{_usage_text(error)} (see {command} --help)")
        return error.exit_code
    if isinstance(error, RecordingError) and frames:
        last = frames[-1]
        _print_error(f"{_short(last.filename)}:{last.lineno}: {last.line}: {error}{notes(error)}")
        return error.exit_code
    if isinstance(error, TracerError):
        user_frames = [frame for frame in frames if not Path(frame.filename).is_relative_to(bundled_folder())]
        where = f"{_short(user_frames[-1].filename)}:{user_frames[-1].lineno}: " if user_frames else ""
        text = f"{where}{error}{notes(error)}"
        _print_error(text.replace(f"{folder}{os.sep}", "") if folder else text)
        return error.exit_code
    if isinstance(error, OSError) and not frames:
        _print_error(f"{error.filename or 'the output'}: {error.strerror or error}")
        return WRONG_USAGE
    if isinstance(error, MemoryError):
        _print_error(f"there is not enough memory for this run: {error}{notes(error)}")
        return WRONG_USAGE
    return None


def _usage_text(error: click.UsageError) -> str:
    """click's message; an unknown option with similar ones of its command, or with the place for options of others."""
    if not isinstance(error, click.NoSuchOption) or error.ctx is None:
        return error.format_message()
    name = error.option_name.lstrip("-")
    known = {each.lstrip("-"): each for option in error.ctx.command.params for each in option.opts if each.startswith("--")}
    text = f"there is no option {error.option_name}"
    if close := similar_names(name, list(known)):
        return f"{text}; did you mean {' or '.join(known[each] for each in close)}?"
    places = []
    if any(option.name == "arguments" for option in error.ctx.command.params):
        places.append("options of a program come after --")
    if "set" in known and error.option_name.startswith("--"):
        places.append(f"settings of a scenario are given as --set {name.replace('-', '_')}=VALUE")
    return f"{text}: {', '.join(places)}" if places else f"{text}{close_names(error.option_name, list(known.values()))}"


def _short(filename: str) -> str:
    return Path(filename).name


def _is_library(filename: str) -> bool:
    """Whether a file is part of this package, Python or an installed library, not the user's code."""
    path = Path(filename)
    if filename.startswith("<") or path.is_relative_to(bundled_folder()):
        return filename.startswith("<")
    return any(path.is_relative_to(folder) for folder in (PACKAGE, *_INSTALLED))


def _print_error(text: str) -> None:
    click.echo(f"tracer: {text}", err=True)
