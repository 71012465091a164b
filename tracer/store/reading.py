"""Reads trace files. Steps, values and metrics are loaded on access."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracer.errors import TraceFileError, UsageError
from tracer.graph.missing import StoredValue
from tracer.graph.record import Step, Trace
from tracer.i18n.message import Message
from tracer.store.format import CORRUPTION_ERRORS, error_text, open_to_read, start_timeout
from tracer.store.lazy import Cache, LazySequence, LazyValue, Printed, StoredNodes, StoredStructure
from tracer.store.messages import decode_message
from tracer.store.parts import END, HEAD, are_metrics, wrong_field
from tracer.store.plain_json import from_json
from tracer.store.row_layout import RowLayout
from tracer.store.rows import (
    KEY_SIZE,
    NOT_KEPT,
    Row,
    content_key,
    is_storable,
    text_digest,
    unpack_summaries,
)
from tracer.store.structures.reading import read_structure

CACHED_STRUCTURES = 8

NOT_ENDED = Message("not_ended")


def read(path: str | Path) -> Trace:
    """Open a trace file. Raises UsageError if there is no such file, TraceFileError if it is not a trace file or is damaged.

    Opening takes constant time; steps and values are loaded on access. The file stays open while the trace is in use. Nothing
    in it is executed.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the trace file in it")
    if not path.is_file():
        raise TraceFileError(f"{path} is no trace file: it is a device or a pipe")
    return TraceFile(path).trace()


class TraceFile:
    """An open trace file. Every part is validated when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._connection = open_to_read(path)
        self._structures: Cache[StoredStructure] = Cache(CACHED_STRUCTURES)
        self._last_digest = -2, b""  # of the row that was read last, and its position: most rows are read in order

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)  # missing after a failed copy, which skips __init__
        if connection is not None:
            connection.close()

    def damaged(self, problem: str) -> TraceFileError:
        """The error for a damaged file."""
        return TraceFileError(f"{self.path} is damaged: {problem}")

    def trace(self) -> Trace:
        """The trace, with lazily loaded steps."""
        head = self._part("head", HEAD)
        if head is None:
            raise self.damaged("it has no head")
        if head["byteorder"] != sys.byteorder:
            raise TraceFileError(f"{self.path} was written on a machine with the other byte order")
        end = self._part("end", END)
        last = self._query("SELECT position FROM step ORDER BY position DESC LIMIT 1")
        count = self._position(last[0][0]) + 1 if last else 0
        if end is not None and (end["steps"], end["digest"]) != (count, self._digest(count - 1).hex()):
            raise self.damaged(f"it has {count} steps, and ends with {end['steps']}")
        defaults = head.get("defaults", [])  # files of versions before have none
        if not isinstance(defaults, list) or not all(isinstance(name, str) for name in defaults):
            raise self.damaged("the defaults of its settings are malformed")
        steps = LazySequence(count, self.step)
        metrics: Sequence[Mapping[str, Any]] = LazySequence(count, lambda position: self._metrics(self.row(position)))
        if end is not None and end["metrics"] is not None:
            if not all(isinstance(row, dict) for row in end["metrics"]):
                raise self.damaged("its metrics are malformed")
            metrics = tuple(end["metrics"])
        return Trace(
            scenario=head["scenario"],
            title=head["title"],
            seed=head["seed"],
            dtype=head["dtype"],
            hyperparameters=head["hyperparameters"],
            versions={str(name): str(version) for name, version in head["versions"].items()},
            steps=steps,
            metrics=metrics,
            printed=Printed(count, self._printed, tuple(map(str, end["printed"])) if end is not None else ()),
            stopped=self._message(end, "stopped") if end is not None else None,
            unfinished=self._message(end, "unfinished") if end is not None else NOT_ENDED,
            source=head["source"],
            arithmetic=head["arithmetic"],
            finite_steps=min(max(end["finite"], 0), count) if end is not None else 0,
            defaults=tuple(defaults),
            verdict=self._message(end, "verdict") if end is not None else None,
        )

    # Parts of the file.

    def step(self, position: int) -> Step:
        """The step at a position."""
        row = self.row(position)
        structure = self._structures.get(row.structure, self._load_structure)
        layout = structure.rows(kept=row.keys is not None)
        try:
            layout.check_sizes(row)
            large = self._large_values(row, layout)
        except ValueError as error:
            raise self.damaged(f"step {position}: {error}") from None
        of, nodes, metrics = structure.step, StoredNodes(structure, row, large), self._metrics(row)
        more = of.losses, of.own_gradients, of.marks
        return Step(row.number, nodes, of.loss_id, of.gradients, of.updates, metrics, *more)

    def _large_values(self, row: Row, layout: RowLayout) -> list[StoredValue]:
        """The references to the values of a step that are not in its row. Raises ValueError if one is invalid."""
        summaries = unpack_summaries(row.summaries, [form for _, form in layout.large])
        values: list[StoredValue] = []
        for number, ((id, form), summary) in enumerate(zip(layout.large, summaries, strict=True)):
            key = NOT_KEPT if row.keys is None else row.keys[KEY_SIZE * number : KEY_SIZE * (number + 1)]
            if key != NOT_KEPT and not is_storable(form):
                raise ValueError(f"it keeps a value of {form.dtype}{list(form.shape)}")
            values.append(LazyValue(self, key, f"step {row.number}, node {id}", form, summary))
        return values

    def row(self, position: int) -> Row:
        """The row of the step at a position, verified against its digest."""
        names = "position, structure, number, metrics, printed, small, summaries, keys, digest"
        found = self._query(f"SELECT {names} FROM step WHERE position = ? LIMIT 1", position)
        if not found:
            raise self.damaged(f"step {position} is missing")
        *columns, digest = found[0]
        types: tuple[Any, ...] = (int, int, int, str, str, bytes, bytes, (bytes, type(None)))
        if not all(isinstance(column, type_) for column, type_ in zip(columns, types, strict=True)):
            raise self.damaged(f"step {position} is malformed")
        row = Row(*columns)
        if row.digest(self._digest(position - 1)) != digest:
            raise self.damaged(f"step {position} is not what was written")
        self._last_digest = position, digest
        return row

    def _digest(self, position: int) -> bytes:
        """The digest of the run up to a step; that of the head for position -1."""
        if self._last_digest[0] == position:
            return self._last_digest[1]
        if position < 0:
            found = self._query("SELECT digest FROM run WHERE part = 'head' LIMIT 1")
        else:
            found = self._query("SELECT digest FROM step WHERE position = ? LIMIT 1", position)
        if not found or not isinstance(found[0][0], bytes):
            raise self.damaged(f"step {position} is missing")
        return found[0][0]

    def value(self, key: bytes, where: str) -> bytes:
        """The bytes of a value, verified against its key; `where` is its place for the error message."""
        found = self._query("SELECT content FROM value WHERE key = ? LIMIT 1", key)
        if not found:
            raise self.damaged(f"{where}: the value is missing")
        content = found[0][0]
        if not isinstance(content, bytes) or content_key(np.frombuffer(content, np.uint8)) != key:
            raise self.damaged(f"{where}: the value is not what was written")
        return content

    def _part(self, name: str, types: Mapping[str, Any]) -> dict[str, Any] | None:
        found = self._query("SELECT content, digest FROM run WHERE part = ? LIMIT 1", name)
        if not found:
            return None
        content, digest = found[0]
        part = self._decode(content, digest, f"its {name}")
        if not isinstance(part, dict) or wrong_field(part, types):
            raise self.damaged(f"its {name} is not that of a trace")
        return part

    def _message(self, end: Mapping[str, Any], name: str) -> Message | None:
        """A message of the end of the run; since version 1.1 it is stored as data too."""
        messages, text = end.get("messages", {}), end.get(name, "")  # files of versions before have no verdict
        if not isinstance(messages, dict) or not isinstance(text, str):
            raise self.damaged("its messages are malformed")
        try:
            return decode_message(text, messages.get(name))
        except ValueError as error:
            raise self.damaged(f"its end: {error}") from None

    def _load_structure(self, id: int) -> StoredStructure:
        found = self._query("SELECT content, digest FROM structure WHERE id = ? LIMIT 1", id)
        if not found:
            raise self.damaged(f"the structure {id} is missing")
        content, digest = found[0]
        self._verify_text(content, digest, f"the structure {id}")
        try:
            return StoredStructure(read_structure(content), digest)
        except ValueError as error:
            raise self.damaged(f"the structure {id}: {error}") from None

    def _decode(self, content: Any, digest: Any, what: str) -> Any:
        self._verify_text(content, digest, what)
        try:
            return from_json(content)
        except ValueError as error:
            raise self.damaged(f"{what}: {error}") from None

    def _verify_text(self, content: Any, digest: Any, what: str) -> None:
        if not isinstance(content, str) or text_digest(content) != digest:
            raise self.damaged(f"{what} is not what was written")

    def _metrics(self, row: Row) -> Mapping[str, Any]:
        metrics = self._decode_column(row.metrics, row)
        if not isinstance(metrics, dict) or not are_metrics(metrics):
            raise self.damaged(f"step {row.position} has malformed metrics")
        return metrics

    def _printed(self, position: int) -> list[str]:
        row = self.row(position)
        printed = self._decode_column(row.printed, row)
        if not isinstance(printed, list):
            raise self.damaged(f"step {position} has malformed output")
        return list(map(str, printed))

    def _decode_column(self, text: str, row: Row) -> Any:
        try:
            return from_json(text)
        except ValueError as error:
            raise self.damaged(f"step {row.position}: {error}") from None

    def _position(self, position: Any) -> int:
        if not isinstance(position, int) or not 0 <= position < 1 << 60:
            raise self.damaged(f"a step has the position {position!r}")
        return position

    def _query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        assert self._connection is not None
        start_timeout(self._connection)
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except CORRUPTION_ERRORS as error:
            raise self.damaged(error_text(error)) from None
