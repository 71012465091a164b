"""The trace file: one SQLite file, written during the run, with random access to steps and values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tracer.arguments import checks_keywords

if TYPE_CHECKING:
    from tracer.graph.record import Step, Trace


@checks_keywords
def open(path: str | Path) -> Trace:
    """Open a trace file that `tracer trace` or `save` wrote; steps and values are loaded lazily.

    Raises UsageError if there is no such file, TraceFileError if it is not a trace file or is damaged. Nothing in the file is
    executed.
    """
    from tracer.store.reading import read  # imports SQLite

    return read(path)


@checks_keywords
def save(trace: Trace | Step, path: str | Path, values: str = "all") -> None:
    """Write a trace, or a single step, to a file, with all values, those of a sample of steps (`sampled`), or none (`summary`).

    Raises UsageError if it cannot be written, TypeError if it is neither.
    """
    from tracer.store.writing import save

    save(trace, path, values)
