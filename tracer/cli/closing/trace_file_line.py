"""The line of `tracer trace` that says what the trace file has."""

from __future__ import annotations

from tracer.i18n.language import Language
from tracer.store.writing import TraceWriter
from tracer.views.notation import reasons_text


def trace_file_line(file: TraceWriter, tell: Language) -> str:
    """The trace file, what it has, and the values that it could not store."""
    wrote = _steps_text(file, tell)
    if not file.left_out:
        return wrote
    values = tell.count(file.left_out.total(), "value")
    return tell("{wrote}, except {values}: {reason}", wrote=wrote, values=values, reason=reasons_text(file.left_out, tell))


def _steps_text(file: TraceWriter, tell: Language) -> str:
    """The trace file, its number of steps, and how many of them have values."""
    path, retention = file.shown, file.retention
    steps = tell.count(file.steps, "step")
    if retention.kept == file.steps:
        return tell("{path} ({steps})", path=path, steps=steps)
    if retention.choice == "summary":
        return tell("{path} ({steps}, summaries of their values)", path=path, steps=steps)
    if retention.choice:
        return tell("{path} ({steps}, all values of {count} of them)", path=path, steps=steps, count=retention.kept)
    size = f"{retention.budget / 1e6:,.4g} MB"
    if retention.budget < 1e6:
        size = tell("{count} bytes", count=f"{retention.budget:,}")
    return tell(
        "{path} ({steps}, all values of {count} of them: all would take more than the {size} of --budget)",
        path=path,
        steps=steps,
        count=retention.kept,
        size=size,
    )
