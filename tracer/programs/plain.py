"""Runs a program as `python FILE ARGS` does, with its text as it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar

from tracer.programs.process.ending import ExitFunctions, ending_of, say_ending, wait_for_threads
from tracer.programs.process.own_recordings import RecordsItself, refusal, stopped_at_own_recording
from tracer.programs.process.surroundings import main_module, surroundings
from tracer.programs.record import Ending


class _Recording(Protocol):
    """What a package that records gives: it tells whether the program has trained by now."""

    @property
    def has_trained(self) -> bool: ...


Recording = TypeVar("Recording", bound=_Recording)


def run_plain(
    path: Path, arguments: Sequence[str], begin: Callable[[], AbstractContextManager[Recording]]
) -> tuple[Recording, Ending]:
    """Run a Python file as `__main__` inside of the context that `begin` makes; returns what the context gave, and the ending.

    Ctrl-C ends the program and not the command: what was recorded until then is kept.
    """
    filename = os.path.abspath(path)  # noqa: PTH100 (Python does not resolve links)
    code = compile(Path(filename).read_bytes(), filename, "exec", dont_inherit=True)
    module = main_module(filename)
    exit_functions = ExitFunctions({filename})
    threads = set(threading.enumerate())
    given: list[Recording] = []
    with surroundings(module, path, arguments, exit_functions):
        ending = _ending(code, module, begin(), given)
        if not isinstance(ending.error, RecordsItself):
            say_ending(ending)
        wait_for_threads(threads)
        exit_functions.call()
    if isinstance(ending.error, RecordsItself):
        raise refusal(path, ending.error)
    return given[0], ending


def _ending(code: Any, module: ModuleType, recording: AbstractContextManager[Recording], given: list[Recording]) -> Ending:
    try:
        with recording as entered:
            given.append(entered)
            with stopped_at_own_recording(lambda: entered.has_trained):
                exec(code, module.__dict__)
    except BaseException as error:
        if not given:
            raise
        return ending_of(error)
    return Ending()
