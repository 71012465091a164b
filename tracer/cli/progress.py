"""A progress bar or a count on a terminal, for what takes longer than a second."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

import click

DELAY = 1.0
"""Seconds before the bar appears."""


class Progress:
    """Counts steps and shows a bar after DELAY."""

    def __init__(self, total: int, label: str, *, quiet: bool) -> None:
        self._bar: Any = None
        self._total = total
        self._label = label
        self._wanted = not quiet and sys.stderr.isatty()
        self._started = time.monotonic()
        self._done = 0

    def __enter__(self) -> Progress:
        return self

    def step(self) -> None:
        """Count a step."""
        self._done += 1
        if self._bar is None and self._wanted and time.monotonic() - self._started > DELAY:
            self._bar = click.progressbar(length=self._total, label=self._label, file=sys.stderr)
            self._bar.__enter__()
            self._bar.update(self._done)
        elif self._bar is not None:
            self._bar.update(1)

    def clear_line(self) -> None:
        """Clear the bar's line so that something else can be printed; the next step redraws it."""
        if self._bar is not None:
            click.echo("\r\x1b[K", file=sys.stderr, nl=False)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trail)


class Counter:
    """Counts what is done, without a total, and shows the count and the seconds after DELAY."""

    def __init__(self, label: str, *, quiet: bool) -> None:
        self._label = label
        self._wanted = not quiet and sys.stderr.isatty()
        self._started = time.monotonic()
        self._done = 0

    def __enter__(self) -> Counter:
        return self

    def step(self) -> None:
        """Count one, before it is begun."""
        self._done += 1
        seconds = time.monotonic() - self._started
        if self._wanted and seconds > DELAY:
            click.echo(f"\r\x1b[K{self._label} {self._done} ({seconds:.0f} s)", file=sys.stderr, nl=False)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None) -> None:
        if self._wanted:
            click.echo("\r\x1b[K", file=sys.stderr, nl=False)
