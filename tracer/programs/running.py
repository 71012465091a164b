"""Runs a program as `python FILE ARGS` does, and records it."""

from __future__ import annotations

import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from tracer.graph.record import Phase
from tracer.programs import callees, shadow
from tracer.programs.record import Ending, ProgramRecord
from tracer.programs.rewriting import CALLEE, NUMBER, PASS, RESULT, rewritten
from tracer.programs.shadow import Enough, Shadow
from tracer.programs.warning_places import warnings_at_the_program
from tracer.recording.source import Files


def run_program(path: Path, arguments: Sequence[str] = (), *, limit: int | None = None) -> ProgramRecord:
    """Run a Python file as `__main__` and record it. With `limit`, the program is stopped after so many operations."""
    path = path.resolve()
    files = Files(path.parent)
    record = Shadow({str(path)}, files, limit=limit)
    code = compile(rewritten(path.read_bytes(), str(path)), str(path), "exec", dont_inherit=True)
    module = ModuleType("__main__")
    module.__dict__.update(__file__=str(path), __builtins__=program_builtins(record))
    linecache.checkcache(str(path))
    with as_main(module, path, arguments), _importing(path.parent, record), warnings_at_the_program(record):
        shadow._current.append(record)
        try:
            ending = _execute(code, module, record)
        finally:
            record.is_recording = False
            shadow._current.pop()
            record.recorder.release()
    return ProgramRecord(
        path,
        tuple(record.recorder.entries),
        record.recorder.marks,
        files,
        record.unknown,
        frozenset(record.changed_outside),
        record.left,
        tuple(record.passes),
        ending,
    )


def _execute(code: Any, module: ModuleType, record: Shadow) -> Ending:
    record.recorder.enter(Phase.FORWARD)
    record.is_recording = True
    try:
        exec(code, module.__dict__)
    except Enough:
        return Ending(was_stopped=True)
    except SystemExit as leaving:
        return Ending(exit_code(leaving), leaving)
    except Exception as error:
        return Ending(1, error)
    return Ending()


def exit_code(leaving: SystemExit) -> int:
    """The exit code that a program left with."""
    if leaving.code is None:
        return 0
    return leaving.code if isinstance(leaving.code, int) else 1


def program_builtins(record: Shadow) -> dict[str, Any]:
    """The built-in functions of a program that is recorded, with those that its rewritten text calls."""
    return {
        **vars(builtins),
        CALLEE: callees.callee,
        RESULT: callees.result,
        NUMBER: callees.number,
        PASS: lambda line: record.passes.append((line, len(record.recorder.entries))),
    }


@contextmanager
def as_main(module: ModuleType, path: Path, arguments: Sequence[str]) -> Iterator[None]:
    """The program's surroundings: it is `__main__`, has its arguments, and finds the modules beside it."""
    main, argv, search, folder = sys.modules["__main__"], sys.argv, list(sys.path), Path.cwd()
    sys.modules["__main__"] = module
    sys.argv = [str(path), *arguments]
    sys.path[0:0] = [str(path.parent)]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv = main, argv
        sys.path[:] = search
        os.chdir(folder)


class _Modules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules beside the program rewritten, so that they record too."""

    def __init__(self, folder: Path, record: Shadow) -> None:
        self._folder = folder
        self._record = record

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        found = importlib.machinery.PathFinder.find_spec(name, path, target)
        origin = found.origin if found is not None else None
        if origin is None or not origin.endswith(".py") or not Path(origin).is_relative_to(self._folder):
            return None
        if "site-packages" in Path(origin).parts:
            return None
        assert found is not None
        return importlib.util.spec_from_file_location(
            name, origin, loader=self, submodule_search_locations=found.submodule_search_locations
        )

    def exec_module(self, module: ModuleType) -> None:
        origin = str(module.__file__)
        self._record.filenames.add(origin)
        module.__dict__["__builtins__"] = program_builtins(self._record)
        exec(compile(rewritten(Path(origin).read_bytes(), origin), origin, "exec", dont_inherit=True), module.__dict__)


@contextmanager
def _importing(folder: Path, record: Shadow) -> Iterator[None]:
    finder = _Modules(folder, record)
    before = set(sys.modules)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in set(sys.modules) - before:
            if getattr(sys.modules[name], "__loader__", None) is finder:
                del sys.modules[name]
