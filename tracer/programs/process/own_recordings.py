"""A program that is recorded may open a recording itself. Unless it trains besides, it is stopped at once, and runs by itself."""

from __future__ import annotations

import shlex
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tracer.errors import UsageError
from tracer.programs.loops.user_code import is_user_file
from tracer.recording.function import opening


class RecordsItself(BaseException):
    """Stops a program that opens a recording itself, by this call."""

    def __init__(self, call: str) -> None:
        super().__init__(call)
        self.call = call


@contextmanager
def stopped_at_own_recording(has_trained: Callable[[], bool]) -> Iterator[None]:
    """Inside, a program is stopped where it opens a recording, unless it has trained by itself until then."""
    is_needed = False

    def opened(call: str) -> None:
        nonlocal is_needed
        is_needed = is_needed or has_trained()
        if not is_needed:
            raise RecordsItself(call)

    opening.append(opened)
    try:
        yield
    finally:
        opening.remove(opened)


def refusal(path: Path, error: RecordsItself) -> UsageError:
    """The error for a program that records itself."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if is_user_file(frame.filename)]
    place = f"line {lines[0]}, {error.call}" if lines else error.call
    name, command = path.name, f"python {shlex.quote(str(path))}"
    return UsageError(f"{name} makes a recording of its own ({place}): run `{command}`, or leave that call out")
