"""The finished steps of a recording, in memory or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracer.graph.record import Step, Trace
from tracer.i18n.message import Message
from tracer.recording.source import Files
from tracer.store.reading import read
from tracer.store.writing import TraceWriter
from tracer.torch.snapshots import arrays_of
from tracer.torch.steps.repeating import Forms
from tracer.torch.steps.retention import Retention
from tracer.torch.tape import StepTape
from tracer.torch.trace import trace_of


class Kept:
    """Finished steps with the values that are kept. `settings` are those of the optimizer, known when the first step ends."""

    def __init__(self, retention: Retention, title: str, planned: int | None, file: str | Path | None, program: Files) -> None:
        self.retention = retention
        self._forms = Forms(program)
        self.settings: dict[str, Any] = {}
        self._title = title
        self._planned = planned
        self._file = None if file is None else Path(file)
        self._writer: TraceWriter | None = None
        self._steps: list[Step] = []

    def add(self, tape: StepTape, index: int, metrics: Mapping[str, float]) -> None:
        """Keep the step on a tape, with metrics of the program: write it to the file, if there is one."""
        form, own = self._forms.of(tape)
        tape.snapshots.close()
        values = arrays_of(tape.operations[id].snapshot for id in form.order)
        step = form.step(index, self.retention.contents(values, form.nodes), own, metrics)
        if self._file is None:
            self._steps.append(step)
            return
        if self._writer is None:
            self._writer = TraceWriter(self._file, trace_of((), self._title, self.settings, self._planned, step), "all")
        self._writer.write(step)

    def end(self, error: BaseException | None) -> None:
        """Write the end of the file."""
        if self._writer is not None:
            unfinished = None if error is None else Message("stopped_by_error", {"error": type(error).__name__})
            self._writer.end(unfinished=unfinished)

    @property
    def trace(self) -> Trace:
        """The trace of the steps that are kept; from the file, if there is one."""
        if self._writer is not None and self._file is not None:
            return read(self._file)
        return trace_of(self._steps, self._title, self.settings)
