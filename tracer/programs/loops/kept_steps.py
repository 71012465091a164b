"""Keeps the steps of a loop of one's own: in memory, or in a trace file."""

from __future__ import annotations

import ast
import linecache
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tracer.data.provenance import source_text, versions
from tracer.errors import UsageError
from tracer.graph.record import EMPTY, Step, Trace
from tracer.i18n.message import Message
from tracer.store.fingerprint import fingerprint
from tracer.store.reading import read
from tracer.store.retention import CHOICES
from tracer.store.writing import TraceWriter


@dataclass
class KeptSteps:
    """The steps of a run so far. `script` is the file that the loop is in, `path` the trace file, None to keep them in memory."""

    path: Path | None
    script: Path
    values: str = ""
    count: int = 0
    _head: Trace | None = None
    _steps: list[Step] = field(default_factory=list)
    _file: _File | None = None
    _is_ended: bool = False

    def __post_init__(self) -> None:
        if self.values not in ("", *CHOICES):
            raise UsageError(f"values takes one of {', '.join(CHOICES)}, this is {self.values!r}")
        if self.path is not None and not self.path.parent.is_dir():
            raise UsageError(f"cannot write {self.path}: there is no folder {self.path.parent}")

    def begin(self, parameters: Sequence[Any]) -> None:
        """Begin the record; the dtype is that of the parameters."""
        if self._head is not None:
            return
        kinds = [value.dtype for value in map(np.asarray, parameters) if value.dtype.kind == "f"]
        self._head = _head(self.script, str(np.result_type(*kinds)) if kinds else "float64")
        if self.path is not None:
            self._file = _File(TraceWriter(self.path, self._head, self.values))
            # A loop needs no close(): the file is ended with the run, or with the process.
            weakref.finalize(self, self._file.end)

    def add(self, step: Step) -> None:
        """Keep a step."""
        if self._file is not None:
            self._file.write(step)
        else:
            self._steps.append(step)
        self.count += 1

    def note(self, error: BaseException | None) -> None:
        """Note that a step was dropped because of an exception; None for one that was not."""
        if self._file is not None:
            self._file.unfinished = Message("stopped_by_error", {"error": type(error).__name__}) if error is not None else None

    def end(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.end()

    def trace(self) -> Trace:
        """The steps so far, as a trace."""
        if self.path is not None and self.count:
            return read(self.path)
        head = self._head or _head(self.script, "float64")
        return replace(head, steps=tuple(self._steps), metrics=tuple(dict(step.metrics) for step in self._steps))


@dataclass
class _File:
    """A trace file that is written to. It knows nothing of the run, so that it does not keep it alive."""

    writer: TraceWriter
    unfinished: Message | None = None
    finite: int = 0

    def write(self, step: Step) -> None:
        self.writer.write(step)
        if self.finite == self.writer.steps - 1 and step.first_nonfinite() is None:
            self.finite += 1

    def end(self) -> None:
        if self.writer.is_open:
            self.writer.end(unfinished=self.unfinished, finite_steps=self.finite)


def _head(script: Path, dtype: str) -> Trace:
    source = source_text(script) or "".join(linecache.getlines(str(script)))
    return Trace(_name(script), _title(source), None, dtype, EMPTY, versions(), source=source, arithmetic=fingerprint())


def _name(script: Path) -> str:
    if "ipykernel" in str(script) or "ipython-input" in str(script):
        return "notebook"
    return "session" if script.name.startswith("<") else script.stem


def _title(source: str) -> str:
    """The first line of the text that describes a program."""
    try:
        text = ast.get_docstring(ast.parse(source)) or ""
    except (SyntaxError, ValueError):
        return ""
    return text.strip().partition("\n")[0]
