"""The run that the player plays when it has been written."""

from __future__ import annotations

from tracer.errors import TracerError
from tracer.graph.record import Trace
from tracer.store.reading import read
from tracer.store.writing import TraceWriter


def trace_to_play(file: TraceWriter | None, drawn: Trace) -> Trace:
    """All steps of the run, from its file; those that are drawn if there is no file, or it cannot be read."""
    if file is None or file.is_open:
        return drawn
    try:
        return read(file.path)
    except TracerError:  # such as a disk that fails: the run itself is done
        return drawn
