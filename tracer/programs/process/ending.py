"""How a recorded program ends: what Python says of it, what it still has to do, and the exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from tracer.programs.calls.call_sites import clean_traceback
from tracer.programs.record import Ending

INTERRUPTED = 130
"""The exit code of a program that was interrupted, as shells give it."""


def ending_of(error: BaseException) -> Ending:
    """How a program ended that an exception left."""
    clean_traceback(error)
    if isinstance(error, SystemExit):
        return Ending(_exit_code(error), error)
    return Ending(INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1, error)


def _exit_code(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    return leaving.code & 0xFF if isinstance(leaving.code, int) else 1


def say_ending(ending: Ending) -> None:
    """Say on stderr what Python says of a program that ends like this."""
    error = ending.error
    if isinstance(error, SystemExit):
        if error.code is not None and not isinstance(error.code, int):
            sys.stdout.flush()
            sys.stderr.write(f"{error.code}\n")
    elif error is not None:
        sys.stdout.flush()
        sys.excepthook(type(error), error, error.__traceback__)


def end_fork(ending: Ending) -> NoReturn:
    """End this process, a fork of the one that is recorded, as the program ended in it."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(ending.exit_code)


def end_process(ending: Ending) -> NoReturn:
    """End this process as the program ended."""
    if isinstance(ending.error, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    sys.exit(ending.exit_code)


def wait_for_threads(before: set[threading.Thread]) -> None:
    """Wait for the threads that the program started, as Python does before it ends; not for the workers of a pool."""
    pool = sys.modules.get("concurrent.futures.thread")
    workers = getattr(pool, "_threads_queues", {})
    for thread in threading.enumerate():
        if not thread.daemon and thread not in before and thread not in workers and thread is not threading.current_thread():
            thread.join()


class ExitFunctions:
    """The functions that a program gives to `atexit.register`: they are called when it ends, and not with the process."""

    def __init__(self, filenames: set[str]) -> None:
        self._filenames = filenames
        self._registered: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def registering(self, register: Callable[..., Any]) -> Callable[..., Any]:
        """What stands in for `atexit.register`: functions of libraries stay with the process."""

        def stand_in(function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
            if not self._is_of_program():
                return register(function, *arguments, **options)
            self._registered.append((function, arguments, options))
            return function

        return stand_in

    def unregistering(self, unregister: Callable[..., Any]) -> Callable[..., Any]:
        """What stands in for `atexit.unregister`."""

        def stand_in(function: Callable[..., Any], /) -> None:
            self._registered = [each for each in self._registered if each[0] != function]
            unregister(function)

        return stand_in

    def _is_of_program(self) -> bool:
        frame = sys._getframe(2)
        while frame.f_back is not None and frame.f_code.co_name == "__tracer_call__":
            frame = frame.f_back
        return frame.f_code.co_filename in self._filenames

    def call(self) -> None:
        """Call them, the last first."""
        while self._registered:
            function, arguments, options = self._registered.pop()
            try:
                function(*arguments, **options)
            except SystemExit:
                pass
            except BaseException as error:
                clean_traceback(error)
                sys.stderr.write(f"Exception ignored in atexit callback: {function!r}\n")
                sys.excepthook(type(error), error, error.__traceback__)
