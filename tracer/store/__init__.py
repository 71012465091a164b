"""The trace file: one SQLite file, written during the run, with random access to steps and values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracer.graph.record import Trace


def open(path: str | Path) -> Trace:
    """The trace in a file that `tracer trace` or `save` wrote; steps and values are read when they are asked for.

    Raises UsageError where there is no such file, TraceFileError where it is no trace file or damaged. Nothing in the file
    is executed.
    """
    from tracer.store.reading import read  # SQLite is loaded where a file is opened

    return read(path)


def save(trace: Trace, path: str | Path, values: str = "all") -> None:
    """Write a trace to a file: with the values of all its steps, of a sample (`sampled`), or their summaries (`summary`).

    Raises UsageError where it cannot be written.
    """
    from tracer.store.writing import save

    save(trace, path, values)
