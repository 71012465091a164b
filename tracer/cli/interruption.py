"""Handles Ctrl-C during a run: at once while the program computes, deferred while a step is being written."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType


class Interruption:
    """While this is entered, Ctrl-C raises KeyboardInterrupt within `computing` only, elsewhere as soon as that is entered.

    So it loses the step in progress, which may take minutes, and nothing of one that is being written to the trace file and
    the log. A second Ctrl-C, while the first one waits, is taken at once: a disk may not answer.
    In other threads than the main one, and where Ctrl-C is handled or ignored already, nothing is changed.
    """

    def __init__(self) -> None:
        self._waits = False
        self._is_computing = False
        self._is_installed = False

    def __enter__(self) -> Interruption:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._arrived)
            self._is_installed = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None) -> None:
        # A program that installed a handler of its own meanwhile keeps it.
        if self._is_installed and signal.getsignal(signal.SIGINT) == self._arrived:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._is_installed = False

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """The time in which the program computes: Ctrl-C is taken at once, and one that waits is taken first."""
        try:
            self._is_computing = True
            self.take()
            yield
        finally:
            self._is_computing = False

    def take(self) -> None:
        """Raise KeyboardInterrupt where a Ctrl-C waits."""
        if self._waits:
            self._waits = False
            raise KeyboardInterrupt

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if self._is_computing or self._waits:
            raise KeyboardInterrupt
        self._waits = True
