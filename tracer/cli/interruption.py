"""Handles Ctrl-C during a run: immediately while a step is computed, deferred while it is written."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType

import click

INTERRUPTED = 130
"""The exit code of an interrupted command."""


class Interruption:
    """Within this context, Ctrl-C raises KeyboardInterrupt immediately inside `computing`, otherwise on the next entry to it.

    So it loses the step being computed, which may take minutes, but never cuts short a step being written to the trace file and
    the log. A second Ctrl-C while one is pending raises immediately, in case the disk hangs.
    Outside the main thread, or if SIGINT is already handled or ignored, this does nothing.
    """

    def __init__(self) -> None:
        self._is_pending = False
        self._is_computing = False
        self._is_installed = False

    def __enter__(self) -> Interruption:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handle)
            self._is_installed = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None) -> None:
        # Keep a handler that the program installed in the meantime.
        if self._is_installed and signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._is_installed = False

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """The context in which Ctrl-C raises immediately; a pending one raises on entry."""
        try:
            self._is_computing = True
            self.raise_if_pending()
            yield
        finally:
            self._is_computing = False

    @property
    def is_pending(self) -> bool:
        """Whether a Ctrl-C came that has not been raised."""
        return self._is_pending

    def defer(self) -> None:
        """Make a Ctrl-C that was raised pending again."""
        self._is_pending = True

    def raise_if_pending(self) -> None:
        """Raise KeyboardInterrupt if a Ctrl-C is pending."""
        if self._is_pending:
            self._is_pending = False
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._is_computing or self._is_pending:
            raise KeyboardInterrupt
        self._is_pending = True


def report_interruption(error: BaseException) -> int:
    """Print that the command was interrupted, on standard error, and return the exit code."""
    click.echo(f"tracer: interrupted{notes(error)}", err=True)
    return INTERRUPTED


def notes(error: BaseException) -> str:
    """The notes of an exception, in parentheses."""
    found = getattr(error, "__notes__", [])
    return f" ({'; '.join(found)})" if found else ""
