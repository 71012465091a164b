"""The finished steps of a recording, in memory or in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.errors import UsageError
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


@dataclass(frozen=True, slots=True)
class Heading:
    """What the trace says beside its steps. `planned` is the number of steps if it is known, `complete` adds what others know.

    `verdict` is given the first step, and what it returns is called for the verdict on the gradients at the end of a file.
    """

    title: str
    planned: int | None
    complete: Callable[[Trace], Trace]
    verdict: Callable[[Step], Callable[[], Message | None]] | None = None


class Kept:
    """Finished steps with the values that are kept, in memory or in a file.

    `settings` are those of the optimizer, known when the first step ends. `writer` is that of the file, once there is a step. If
    the file cannot be written, the program goes on without a record, and reading the trace raises UsageError.
    """

    def __init__(self, retention: Retention, heading: Heading, file: str | Path | None, program: Files) -> None:
        self.retention = retention
        self._forms = Forms(program)
        self.settings: dict[str, Any] = {}
        self.writer: TraceWriter | None = None
        self._heading = heading
        self._file = None if file is None else Path(file)
        self._failure: UsageError | None = None
        self._steps: list[Step] = []
        self._verdict: Callable[[], Message | None] = lambda: None

    @property
    def is_empty(self) -> bool:
        """Whether no step is kept."""
        return not self._steps and self.writer is None

    def add(self, tape: StepTape, index: int, metrics: Mapping[str, float]) -> None:
        """Keep the step on a tape, with metrics of the program: write it to the file, if there is one."""
        if self._failure is not None:
            return
        form, own = self._forms.of(tape)
        tape.snapshots.close()
        values = arrays_of(tape.operations[id].snapshot for id in form.order)
        step = form.step(index, self.retention.contents(values, form.nodes), own, metrics)
        if self._file is None:
            self._steps.append(step)
            return
        try:
            if self.writer is None:
                head = self._heading.complete(self._trace_of((), step))
                if self._heading.verdict is not None:
                    self._verdict = self._heading.verdict(step)
                self.writer = TraceWriter(self._file, head, "summary" if self.retention.choice == "summary" else "all")
            self.writer.write(step)
        except UsageError as failure:
            self._failure = failure

    def end(self, error: BaseException | None) -> None:
        """Write the end of the file. A program that ends with `sys.exit` has come to its end."""
        if self.writer is None or self._failure is not None:
            return
        has_ended = error is None or isinstance(error, SystemExit)
        unfinished = None if has_ended else Message("stopped_by_error", {"error": type(error).__name__})
        is_wanted = not isinstance(error, KeyboardInterrupt)
        self.writer.end(unfinished=unfinished, verdict=self._verdict() if is_wanted else None)
        # It has what the recording chose, for these reasons.
        self.writer.retention.choice, self.writer.retention.budget = self.retention.choice, self.retention.budget

    @property
    def trace(self) -> Trace:
        """The trace of the steps that are kept; from the file, if there is one."""
        if self._failure is not None:
            raise self._failure
        if self.writer is not None and self._file is not None:
            return read(self._file)
        return self._heading.complete(self._trace_of(self._steps))

    def _trace_of(self, steps: Sequence[Step], sample: Step | None = None) -> Trace:
        return trace_of(steps, self._heading.title, self.settings, self._heading.planned, sample)
