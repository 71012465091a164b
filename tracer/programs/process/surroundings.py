"""The surroundings of a program: it is `__main__`, has its arguments, and finds what is beside it. All is put back afterwards."""

from __future__ import annotations

import atexit
import builtins
import importlib.machinery
import linecache
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np

from tracer.programs.process.ending import ExitFunctions

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGALRM", "SIGHUP") if hasattr(signal, name))


def main_module(filename: str) -> ModuleType:
    """The module that a program runs in, as Python makes it."""
    module = ModuleType("__main__")
    module.__dict__.update(
        __file__=filename,
        __builtins__=builtins,
        __cached__=None,
        __annotations__={},
        __loader__=importlib.machinery.SourceFileLoader("__main__", filename),
    )
    return module


@contextmanager
def surroundings(module: ModuleType, path: Path, arguments: Sequence[str], exit_functions: ExitFunctions) -> Iterator[None]:
    """Inside, the process is as `python FILE ARGS` has it."""
    filename = str(module.__file__)
    linecache.checkcache(filename)
    with _restored():
        sys.modules["__main__"] = module
        sys.argv = [str(path), *arguments]
        sys.path[0:0] = [os.path.dirname(os.path.realpath(filename))]  # noqa: PTH120 (a link is resolved, as Python does)
        atexit.register = exit_functions.registering(atexit.register)
        atexit.unregister = exit_functions.unregistering(atexit.unregister)
        yield


@contextmanager
def _restored() -> Iterator[None]:
    """Puts back afterwards what a program may change of the process."""
    main, argv, search, folder = sys.modules["__main__"], sys.argv, list(sys.path), Path.cwd()
    register, unregister = atexit.register, atexit.unregister
    streams = sys.stdin, sys.stdout, sys.stderr
    hooks = sys.excepthook, sys.displayhook, threading.excepthook
    errors, printing, call, limit = np.geterr(), np.get_printoptions(), np.geterrcall(), sys.getrecursionlimit()
    in_main_thread = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS} if in_main_thread else {}
    try:
        with warnings.catch_warnings():
            yield
    finally:
        sys.modules["__main__"], sys.argv = main, argv
        sys.path[:] = search
        atexit.register, atexit.unregister = register, unregister
        sys.stdin, sys.stdout, sys.stderr = streams
        sys.excepthook, sys.displayhook, threading.excepthook = hooks
        np.seterr(**errors)
        np.seterrcall(call)
        np.set_printoptions(**printing)
        sys.setrecursionlimit(limit)
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        os.chdir(folder)
