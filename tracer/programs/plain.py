"""Runs a program as `python FILE ARGS` does, with its text as it is."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from tracer.programs.record import Ending
from tracer.programs.running import as_main, exit_code

Recording = TypeVar("Recording")

INTERRUPTED = 130


def run_plain(
    path: Path, arguments: Sequence[str], begin: Callable[[], AbstractContextManager[Recording]]
) -> tuple[Recording, Ending]:
    """Run a Python file as `__main__` inside of the context that `begin` makes; returns what the context gave, and the ending.

    Ctrl-C ends the program and not the command: what was recorded until then is kept.
    """
    path = path.resolve()
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    module = ModuleType("__main__")
    module.__dict__.update(__file__=str(path), __builtins__=builtins)
    with as_main(module, path, arguments):
        recording = begin()
        given: list[Recording] = []
        ending = _ending(code, module, recording, given)
    return given[0], ending


def _ending(code: Any, module: ModuleType, recording: AbstractContextManager[Recording], given: list[Recording]) -> Ending:
    try:
        with recording as entered:
            given.append(entered)
            exec(code, module.__dict__)
    except SystemExit as leaving:
        return Ending(exit_code(leaving), leaving)
    except KeyboardInterrupt as interruption:
        return Ending(INTERRUPTED, interruption)
    except Exception as error:
        if not given:
            raise
        return Ending(1, error)
    return Ending()
