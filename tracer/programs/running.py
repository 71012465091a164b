"""Runs a program as `python FILE ARGS` does, and records it."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from tracer.graph.record import Phase
from tracer.programs.process.budget import Budget
from tracer.programs.process.ending import ExitFunctions, end_fork, ending_of, say_ending, wait_for_threads
from tracer.programs.process.imports import compiled, importing
from tracer.programs.process.own_recordings import RecordsItself, refusal, stopped_at_own_recording
from tracer.programs.process.stretches import Stretches, recording
from tracer.programs.process.surroundings import main_module, surroundings
from tracer.programs.record import Ending, ProgramRecord
from tracer.programs.shadow import Enough, Shadow
from tracer.programs.steps.choosing import has_trained
from tracer.recording.source import Files


def run_program(
    path: Path,
    arguments: Sequence[str] = (),
    *,
    limit: int | None = None,
    budget: Budget | None = None,
    stretches: Stretches | None = None,
    tells_end: bool = False,
    text: str | None = None,
) -> ProgramRecord:
    """Run a Python file as `__main__` and record it.

    With `limit`, the program is stopped after so many operations; when the `budget` is used up, it goes on without a record.
    `stretches` says which steps are recorded. With `tells_end`, an exception that ends the program is printed as Python does.
    With `text`, that is run in place of what is in the file.
    """
    filename = os.path.abspath(path)  # noqa: PTH100 (Python does not resolve links)
    files = Files(Path(filename).parent)
    if text is not None:
        files.remember_text(filename, text)
    record = Shadow({filename}, files, limit=limit, budget=budget)
    module = main_module(filename)
    exit_functions = ExitFunctions(record.filenames)
    threads, process = set(threading.enumerate()), os.getpid()
    with surroundings(module, path, arguments, exit_functions), importing(filename, record.filenames):
        with stopped_at_own_recording(lambda: has_trained(path, record)):
            ending = _execute(filename, text, module, record, stretches or Stretches())
        if (tells_end or os.getpid() != process) and not isinstance(ending.error, RecordsItself):
            say_ending(ending)
        wait_for_threads(threads)
        exit_functions.call()
        if os.getpid() != process:  # a fork of the program that has come to its end
            end_fork(ending)
    if isinstance(ending.error, RecordsItself):
        raise refusal(path, ending.error)
    return ProgramRecord(
        Path(filename),
        tuple(record.recorder.entries),
        record.recorder.marks,
        files,
        record.unknown,
        frozenset(record.changed_outside),
        record.left,
        tuple(record.passes),
        ending,
        budget.reached if budget is not None else "",
        tuple(record.gaps),
    )


def _execute(filename: str, text: str | None, module: ModuleType, record: Shadow, stretches: Stretches) -> Ending:
    try:
        code = compiled(Path(filename).read_bytes() if text is None else text, filename)
        with recording(record, stretches):
            record.recorder.enter(Phase.FORWARD)
            exec(code, module.__dict__)
    except Enough:
        return Ending(was_stopped=True)
    except BaseException as error:
        return ending_of(error)
    return Ending()
