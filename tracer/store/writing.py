"""Writes a trace file during the run, with one commit per step, so that finished steps survive a crash."""

from __future__ import annotations

import contextlib
import sqlite3
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tracer.errors import TracerError, UsageError
from tracer.graph.missing import combined
from tracer.graph.record import Step, Trace
from tracer.graph.single_step import trace_of_step
from tracer.i18n.language import ENGLISH
from tracer.i18n.message import Message
from tracer.store.durability import SyncedFile
from tracer.store.format import APPLICATION_ID, LOCK_TIMEOUT, READER, SCHEMA, journal_path, roll_back, user_version
from tracer.store.messages import encode_message
from tracer.store.parts import NotStorableError, are_metrics, head_text
from tracer.store.plain_json import to_json
from tracer.store.retention import BUDGET, RetentionPolicy, is_finite_step
from tracer.store.row_encoder import RowEncoder
from tracer.store.rows import Row, is_inline, reader_of, text_digest, unstorable_values
from tracer.store.structures.structure import layouts_of
from tracer.store.structures.table import StructureTable


class TraceWriter:
    """Writes a run to a file, step by step.

    Until the first step is finished, an earlier file of that name stays. `head` is the trace without its steps. Raises
    UsageError if the file cannot be written, or another run is writing it. `shown` is its path for messages. `left_out` counts
    the values of steps with values that a file cannot store, by reason.
    """

    def __init__(self, path: Path, head: Trace, values: str = "", budget: int = BUDGET, shown: Path | None = None) -> None:
        self.path = path
        self.shown = shown or path
        text_of_head = head_text(head, self.shown)
        self.retention = RetentionPolicy(values, head.planned, budget)
        self.steps = 0
        self.left_out: Counter[Message] = Counter()
        self._part = path.with_name(f"{path.name}.part")
        self._structures = StructureTable()
        self._encoder = RowEncoder()
        self._pending: tuple[Step, Row] | None = None
        self._is_closed = False
        self._reader = READER
        self._synced: SyncedFile | None = None
        self._refuse_if_in_use(path)
        self._refuse_if_in_use(self._part)
        try:
            for leftover in (self._part, journal_path(self._part)):
                leftover.unlink(missing_ok=True)
            self._connection = self._connect(self._part)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"cannot write {self.shown}: {_reason(error)}") from None
        try:
            self._begin_file(text_of_head)
        except sqlite3.Error as error:
            raise self._failed(error) from None

    # The run.

    def write(self, step: Step, printed: Sequence[str] = ()) -> None:
        """Write and commit a finished step, with the output that was printed since the previous one."""
        try:
            self._write(step, printed)
            if self._synced is not None:
                self._synced.sync_if_due()
        except NotStorableError as error:
            raise self._failed(ValueError(f"step {step.index}: {error}")) from None
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        except BaseException:
            self._roll_back()
            raise
        if self.steps == 1:
            self._move_into_place()

    def end(
        self,
        stopped: Message | None = None,
        printed: Sequence[str] = (),
        unfinished: Message | None = None,
        metrics: Sequence[Mapping[str, Any]] | None = None,
        finite_steps: int = 0,
        verdict: Message | None = None,
    ) -> None:
        """Write the end of the run, and the values of its last step. A file without steps is removed.

        `metrics` are passed if they differ from those of the steps. The first `finite_steps` steps are known to be finite.
        `verdict` is what a check of the gradients found.
        """
        if self._is_closed:
            return
        if not self.steps:
            self.discard()
            return
        try:
            if self._pending is not None and self.retention.choice != "summary":
                self._add_values(*self._pending)
            rows = None if metrics is None else list(metrics)
            end = {
                "stopped": str(stopped or ""),
                "unfinished": str(unfinished or ""),
                "verdict": str(verdict or ""),
                "messages": {
                    "stopped": encode_message(stopped),
                    "unfinished": encode_message(unfinished),
                    "verdict": encode_message(verdict),
                },
                "printed": list(printed),
                "metrics": rows,
                "steps": self.steps,
                "digest": self._digest.hex(),
                "finite": finite_steps,
            }
            self._write_part("end", to_json(end))
            self._connection.execute("COMMIT")
            if self._synced is not None:
                self._synced.sync()
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        self._close()

    def discard(self) -> None:
        """Remove the file, to which no step was written."""
        self._close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)
            journal_path(self._part).unlink(missing_ok=True)

    @property
    def is_open(self) -> bool:
        """Whether the file is open for writing."""
        return not self._is_closed

    # The file.

    def _begin_file(self, text: str) -> None:
        for pragma in (f"application_id = {APPLICATION_ID}", f"user_version = {user_version()}"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN IMMEDIATE")
        for table in SCHEMA.values():
            self._connection.execute(table)
        self._write_part("head", text)
        self._digest = self._head_digest = text_digest(text)

    def _write_part(self, name: str, text: str) -> None:
        self._connection.execute("INSERT INTO run VALUES (?, ?, ?)", (name, text, text_digest(text)))

    def _connect(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT)
        # Commits survive a killed process; against a power failure the file is synced from time to time.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000")
        return connection

    def _move_into_place(self) -> None:
        """Rename the file after its first step."""
        try:
            # Closed before renaming, as SQLite finds the journal by name.
            self._connection.execute("COMMIT")
            self._connection.close()
            # Synced before it replaces the file of an earlier run, and after: a power failure leaves one or the other.
            self._synced = SyncedFile(self._part)
            self._synced.sync()
            journal_path(self.path).unlink(missing_ok=True)
            self._part.replace(self.path)
            self._synced.sync()
            self._connection = self._connect(self.path)
            self._connection.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, OSError) as error:
            self.steps = 0
            raise self._failed(error) from None

    def _refuse_if_in_use(self, path: Path) -> None:
        """Raise UsageError if another run is writing this file: a run holds the write lock until its end."""
        if not path.is_file():
            return
        try:
            roll_back(path)
            with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
                connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageError(f"another run is writing {self.shown}: choose another folder with -o") from None
        except (sqlite3.Error, TracerError):
            pass  # not a trace file, or a damaged one: it is replaced

    def _failed(self, error: Exception) -> UsageError:
        """Close the file after an error. All steps but the current one are in it."""
        self._close()
        for leftover in (self._part, journal_path(self._part)):
            with contextlib.suppress(OSError):
                leftover.unlink(missing_ok=True)
        so_far = {0: "", 1: "; the first step is in it"}.get(self.steps, f"; the first {self.steps} steps are in it")
        return UsageError(f"cannot write {self.shown}: {_reason(error)}{so_far}")

    # A step.

    def _write(self, step: Step, printed: Sequence[str]) -> None:
        if not are_metrics(step.metrics):
            raise NotStorableError(f"its metrics must be values by name, with a whole number as step: {dict(step.metrics)!r:.80}")
        layouts = layouts_of(step)
        has_values = all(node.is_kept for node, layout in zip(step.nodes, layouts) if is_inline(node, layout, kept=True))
        keep = has_values and self.retention.should_keep(self.steps, lambda: is_finite_step(step))
        if (needed := reader_of(step)) > self._reader:
            self._reader = needed
            self._connection.execute(f"PRAGMA user_version = {user_version(needed)}")
        structure = self._structures.id_of(self._connection, step, layouts)
        text = to_json(list(printed))
        row, size = self._encoder.encode(self._connection, self.steps, step, layouts, structure, text, keep=keep)
        self._insert(row)
        self._commit()
        self._pending = (step, row) if has_values and not keep else None
        self.retention.add(self.steps, size, was_kept=keep)
        self.left_out.update(unstorable_values(step) if keep else ())
        self.steps += 1

    def _close(self) -> None:
        self._is_closed = True
        self._encoder.close()
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        if self._synced is not None:
            self._synced.close()

    def _roll_back(self) -> None:
        """Return to the state after the previous step."""
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN IMMEDIATE")
            # The interruption may have come after the commit.
            self._connection.execute("DELETE FROM step WHERE position >= ?", (self.steps,))
            last = self._connection.execute("SELECT digest FROM step WHERE position = ?", (self.steps - 1,)).fetchone()
            self._digest = last[0] if last else self._head_digest
            self._structures.roll_back(self._connection)
        self._encoder.roll_back()
        self._pending = None

    def _insert(self, row: Row) -> None:
        digest = row.digest(self._digest)
        self._connection.execute(
            "INSERT INTO step (position, digest, structure, number, metrics, printed, small, summaries, keys)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.position, digest, row.structure, row.number, row.metrics, row.printed, row.small, row.summaries, row.keys),
        )
        self._previous_digest, self._digest = self._digest, digest

    def _add_values(self, step: Step, row: Row) -> None:
        """Replace the row of the last step by one with values."""
        full_row, size = self._encoder.encode(
            self._connection, row.position, step, layouts_of(step), row.structure, row.printed, keep=True
        )
        self._connection.execute("DELETE FROM step WHERE position = ?", (row.position,))
        self._digest = self._previous_digest
        self._insert(full_row)
        self.retention.written += size
        self.retention.kept += 1
        self.left_out.update(unstorable_values(step))

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        # Hold the write lock between steps, so that no other run overwrites the file. It does not block readers.
        self._connection.execute("BEGIN IMMEDIATE")


def save(trace: Trace | Step, path: str | Path, values: str = "all") -> None:
    """Write a trace, or a single step, to a file, by default with all values.

    Warns of values that a file cannot store. Raises UsageError if it cannot be written, TypeError if it is neither.
    """
    if isinstance(trace, Step):
        trace = trace_of_step(trace)
    if not isinstance(trace, Trace):
        raise TypeError(f"a Trace or a Step can be saved, this is {type(trace).__name__}: numpy.save writes single arrays")
    if not str(path):
        raise UsageError("the name of the trace file is empty")
    metrics = [dict(row) for row in trace.metrics]
    if not all(map(are_metrics, metrics)):
        raise UsageError(f"cannot write {path}: the metrics of the trace must be values by name, for each step")
    writer = TraceWriter(Path(path), trace, values)
    finite = 0
    for position, step in enumerate(trace.steps):
        writer.write(step)
        if finite == position and step.first_nonfinite() is None:
            finite += 1
    if not writer.steps:
        writer.discard()
        raise UsageError("a trace without steps is not written")
    # Compared in serialized form, because NaN != NaN and 1 == True.
    are_from_steps = to_json(metrics) == to_json([dict(step.metrics) for step in trace.steps])
    writer.end(trace.stopped, trace.printed, trace.unfinished, None if are_from_steps else metrics, finite, trace.verdict)
    if writer.left_out:
        reasons = "; ".join(map(str, combined(writer.left_out)))
        values = ENGLISH.count(writer.left_out.total(), "value")
        warnings.warn(f"{path} has only statistics of {values}: {reasons}", stacklevel=4)  # of the caller of `tracer.save`


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    known = {"database or disk is full": "the disk is full", "disk I/O error": "the disk takes no more"}
    return known.get(str(error), str(error))
