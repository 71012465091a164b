"""Why a program ended, and in which line of the user's, in one line."""

from __future__ import annotations

import linecache
import traceback
from pathlib import PurePath

from tracer.errors import ScenarioError
from tracer.programs.loops.user_code import is_user_file
from tracer.programs.record import Ending


def ended_early(name: str, ending: Ending) -> ScenarioError:
    """The error for a program that ended by an exception before anything of it could be looked at."""
    return ScenarioError(f"{name} ended before its first update: {_failure_text(ending)}")


def not_at_its_end(name: str, ending: Ending) -> ScenarioError:
    """The error for a program that ended by an exception after what was looked at."""
    return ScenarioError(f"{name} did not run to its end: {_failure_text(ending)}")


def _failure_text(ending: Ending) -> str:
    """The place in the user's code, and the exception that Python would end with."""
    error = ending.error
    if isinstance(error, SystemExit):
        why = f"it left with exit code {ending.exit_code}"
    else:
        why = f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__ if error else None) if is_user_file(frame.filename)]
    if not frames:
        return why
    place = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}"
    return ": ".join(part for part in (place, _expression_in(frames[-1]), why) if part)


def _expression_in(frame: traceback.FrameSummary) -> str:
    """The expression that a frame was computing, as it is written; of one over several lines, the first."""
    line = linecache.getline(frame.filename, frame.lineno or 0).encode()
    is_within = frame.end_lineno == frame.lineno and frame.colno is not None
    part = line[frame.colno : frame.end_colno] if is_within else line[frame.colno or 0 :]
    return part.decode(errors="replace").strip()
