"""Writes a trace file during the run, with one commit per step, so that finished steps survive a crash."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tracer.errors import TracerError, UsageError
from tracer.graph.record import Node, Step, StoredValue, Trace, shared_structure
from tracer.graph.summary import Summary
from tracer.i18n.message import Message
from tracer.store.format import APPLICATION, SCHEMA, WAITING, journal_of, mark, roll_back
from tracer.store.messages import message_data
from tracer.store.plain_json import STORABLE_DTYPES, to_json
from tracer.store.reading import text_digest
from tracer.store.retention import BUDGET, RetentionPolicy
from tracer.store.rows import INLINE_KEPT, NOT_KEPT, Row, content_key, is_inline, is_storable, packed_summary
from tracer.store.strides import Strides, elements_of
from tracer.store.structure import layouts_of, structure_text, without_values

KNOWN_STRUCTURES = 8
"""Structures that are recognised by the object which the steps of a recording share."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A structure that is in the file, and the object that the nodes of its steps share."""

    id: int
    shared: object
    loss_id: int
    gradients: Mapping[int, int]
    updates: Mapping[int, int]
    layouts: tuple[Strides, ...]

    def is_of(self, shared: object, step: Step, layouts: tuple[Strides, ...]) -> bool:
        """True if a step has this structure. What stands beside the nodes is compared: a Step may be made of another's nodes."""
        return (
            shared is self.shared
            and layouts == self.layouts
            and step.loss_id == self.loss_id
            and step.gradients == self.gradients
            and step.updates == self.updates
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found out of an array that may come again: it is held, so that its address stays its own."""

    content: np.ndarray | StoredValue
    key: bytes
    packed: bytes
    summary: Summary


class TraceWriter:
    """Writes a run to a file, a step at a time.

    The file takes its name with its first finished step: until then an earlier file of that name stays. `head` is the
    trace without its steps. Raises UsageError where the file cannot be written, or another run is writing it.
    """

    def __init__(self, path: Path, head: Trace, values: str = "", budget: int = BUDGET) -> None:
        self.path = path
        self.retention = RetentionPolicy(values, head.planned, budget)
        self.steps = 0
        self._part = path.with_name(f"{path.name}.part")
        self._structures: dict[bytes, int] = {}
        self._recent: list[_Written] = []
        self._known: dict[Hashable, _Known] = {}
        self._pending: tuple[Step, Row] | None = None
        self._is_closed = False
        self._digesting = ThreadPoolExecutor(max_workers=1)
        self._refuse_if_in_use(path)
        self._refuse_if_in_use(self._part)
        try:
            for place in (self._part, journal_of(self._part)):
                place.unlink(missing_ok=True)
            self._connection = self._connect(self._part)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"cannot write {path}: {_reason(error)}") from None
        try:
            self._begin_file(head)
        except sqlite3.Error as error:
            raise self._failed(error) from None

    # The run.

    def write(self, step: Step, printed: Sequence[str] = ()) -> None:
        """Write a finished step, and what the program printed since the last; it is on disk when this returns."""
        try:
            self._write(step, printed)
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        except BaseException:
            self._take_back()
            raise
        if self.steps == 1:
            self._take_name()

    def end(
        self,
        stopped: Message | None = None,
        printed: Sequence[str] = (),
        unfinished: Message | None = None,
        metrics: Sequence[Mapping[str, Any]] | None = None,
        finite_steps: int = 0,
    ) -> None:
        """Write how the run ended, and the values of its last step. A file without a step is taken back.

        `metrics` are given where they are not those of the steps; of the first `finite_steps` it is known that they are finite.
        """
        if self._is_closed:
            return
        if not self.steps:
            self.discard()
            return
        try:
            if self._pending is not None and self.retention.choice != "summary":
                self._replace_last(*self._pending)
            rows = None if metrics is None else list(metrics)
            end = {
                "stopped": str(stopped or ""),
                "unfinished": str(unfinished or ""),
                "messages": {"stopped": message_data(stopped), "unfinished": message_data(unfinished)},
                "printed": list(printed),
                "metrics": rows,
                "steps": self.steps,
                "digest": self._digest.hex(),
                "finite": finite_steps,
            }
            self._write_part("end", to_json(end))
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        self._close()

    def discard(self) -> None:
        """Take back a file that no step was written to."""
        self._close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)
            journal_of(self._part).unlink(missing_ok=True)

    @property
    def is_open(self) -> bool:
        """Whether more can be written."""
        return not self._is_closed

    # The file.

    def _begin_file(self, head: Trace) -> None:
        for pragma in (f"application_id = {APPLICATION}", f"user_version = {mark()}"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN IMMEDIATE")
        for table in SCHEMA.values():
            self._connection.execute(table)
        text = to_json(
            {
                "scenario": head.scenario,
                "title": head.title,
                "seed": head.seed,
                "dtype": head.dtype,
                "hyperparameters": dict(head.hyperparameters),
                "versions": dict(head.versions),
                "source": head.source,
                "arithmetic": head.arithmetic,
                "byteorder": sys.byteorder,
            }
        )
        self._write_part("head", text)
        self._digest = text_digest(text)

    def _write_part(self, name: str, text: str) -> None:
        self._connection.execute("INSERT INTO run VALUES (?, ?, ?)", (name, text, text_digest(text)))

    def _connect(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, timeout=WAITING)
        # A killed process loses nothing that was handed to the system; only a power cut could.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000")
        return connection

    def _take_name(self) -> None:
        """With the first step the file takes its name. It is closed for it: SQLite knows its journal by the name."""
        try:
            self._connection.execute("COMMIT")
            self._connection.close()
            journal_of(self.path).unlink(missing_ok=True)
            self._part.replace(self.path)
            self._connection = self._connect(self.path)
            self._connection.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, OSError) as error:
            self.steps = 0
            raise self._failed(error) from None

    def _refuse_if_in_use(self, path: Path) -> None:
        """Raise UsageError where another run is writing this file: it holds the right to write from its first step to its end."""
        if not path.is_file():
            return
        try:
            roll_back(path)
            with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
                connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageError(f"another run is writing {path}: choose another folder with -o") from None
        except (sqlite3.Error, TracerError):
            pass  # no trace file, or a damaged one: it makes room

    def _failed(self, error: Exception) -> UsageError:
        """Close the file after an error: every step but the one in progress is in it."""
        self._close()
        for place in (self._part, journal_of(self._part)):
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)
        so_far = {0: "", 1: "; the first step is in it"}.get(self.steps, f"; the first {self.steps} steps are in it")
        return UsageError(f"cannot write {self.path}: {_reason(error)}{so_far}")

    # A step.

    def _write(self, step: Step, printed: Sequence[str]) -> None:
        layouts = layouts_of(step)
        is_there = all(node.is_kept for node in step.nodes)
        keep = is_there and self.retention.wants(self.steps, lambda: _is_finite(step))
        structure = self._structure_id(step, layouts)
        row, size = self._row(self.steps, step, layouts, structure, to_json(list(printed)), keep)
        self._insert(row)
        self._commit()
        self._pending = (step, row) if is_there and not keep else None
        self.retention.count(self.steps, size, was_kept=keep)
        self.steps += 1

    def _close(self) -> None:
        self._is_closed = True
        self._digesting.shutdown()
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def _take_back(self) -> None:
        """After an interruption: the file is as it was after the step before."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN IMMEDIATE")
            ((written,),) = self._connection.execute("SELECT count(*) FROM structure")
            self._structures = {digest: id for digest, id in self._structures.items() if id <= written}
            self._recent = [known for known in self._recent if known.id <= written]
        self._pending = None

    def _row(
        self, position: int, step: Step, layouts: Sequence[Strides], structure: int, printed: str, keep: bool
    ) -> tuple[Row, int]:
        """The row of a step, its values on the way into the file, and how many bytes both take."""
        small: list[bytes] = []
        large: list[Node] = []
        places: list[Hashable] = []
        digests: dict[Hashable, tuple[np.ndarray, Future[bytes]]] = {}
        for node, layout in zip(step.nodes, layouts, strict=True):
            if is_inline(node, layout, kept=keep):
                small.append(elements_of(node.value, layout).tobytes())
                continue
            large.append(node)
            places.append(_place_of(node))
            if keep and places[-1] not in digests and not self._has_key(places[-1]) and is_storable(node):
                # Digests are made beside the rest: neither they nor SQLite's copying hold up Python.
                elements = elements_of(node.value, layout)
                digests[places[-1]] = elements, self._digesting.submit(content_key, elements)
        before, self._known, size = self._known, {}, 0
        for node, place in zip(large, places, strict=True):
            if place in self._known:
                continue
            found = before.get(place) or _Known(node.content, b"", *_summarised(node))
            if place in digests:
                key, written = self._store(*digests[place])
                found = replace(found, key=key)
                size += written
            self._known[place] = found
        held = [self._known[place] for place in places]
        for node, each in zip(large, held, strict=True):
            node.set_summary(each.summary)
        metrics = to_json(dict(step.metrics))
        keys = b"".join(each.key or NOT_KEPT for each in held) if keep else None
        packed_small, summaries = b"".join(small), b"".join(each.packed for each in held)
        row = Row(position, structure, step.index, metrics, printed, packed_small, summaries, keys)
        return row, size + len(metrics) + len(packed_small) + len(summaries) + len(keys or b"")

    def _has_key(self, place: Hashable) -> bool:
        return place in self._known and bool(self._known[place].key)

    def _store(self, elements: np.ndarray, digest: Future[bytes]) -> tuple[bytes, int]:
        """Put a value into the file unless it is there; its key, and how many bytes were written."""
        key = digest.result()
        if self._connection.execute("SELECT 1 FROM value WHERE key = ?", (key,)).fetchone():
            return key, 0
        self._connection.execute("INSERT INTO value VALUES (?, ?)", (key, elements.data))
        return key, elements.nbytes

    def _insert(self, row: Row) -> None:
        digest = row.digest(self._digest)
        self._connection.execute(
            "INSERT INTO step (position, digest, structure, number, metrics, printed, small, summaries, keys)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.position, digest, row.structure, row.number, row.metrics, row.printed, row.small, row.summaries, row.keys),
        )
        self._before, self._digest = self._digest, digest

    def _replace_last(self, step: Step, row: Row) -> None:
        """Write the last step once more, with its values."""
        full, size = self._row(row.position, step, layouts_of(step), row.structure, row.printed, keep=True)
        self._connection.execute("DELETE FROM step WHERE position = ?", (row.position,))
        self._digest = self._before
        self._insert(full)
        self.retention.written += size
        self.retention.kept += 1

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        # The right to write is kept, so that no other run takes this file for finished; readers are not kept out by it.
        self._connection.execute("BEGIN IMMEDIATE")

    def _structure_id(self, step: Step, layouts: tuple[Strides, ...]) -> int:
        """The row of a step's structure, which is written when it is met first."""
        shared = shared_structure(step)
        for known in self._recent:
            if shared is not None and known.is_of(shared, step, layouts):
                return known.id
        text = structure_text(without_values(step, layouts))
        digest = text_digest(text)
        id = self._structures.get(digest)
        if id is None:
            id = self._structures[digest] = len(self._structures) + 1
            self._connection.execute("INSERT INTO structure VALUES (?, ?, ?)", (id, text, digest))
        if shared is not None:
            known = _Written(id, shared, step.loss_id, dict(step.gradients), dict(step.updates), layouts)
            self._recent = [known, *self._recent[: KNOWN_STRUCTURES - 1]]
        return id


def save(trace: Trace, path: str | Path, values: str = "all") -> None:
    """Write a trace that is in memory to a file, with the values of all its steps unless asked for less.

    Raises UsageError where it cannot be written.
    """
    writer = TraceWriter(Path(path), trace, values)
    finite = 0
    for position, step in enumerate(trace.steps):
        writer.write(step)
        if finite == position and step.first_nonfinite() is None:
            finite += 1
    if not writer.steps:
        writer.discard()
        raise UsageError("a trace without steps is not written")
    # Compared as they are written: NaN is not equal to itself, 1 is equal to True.
    metrics = [dict(row) for row in trace.metrics]
    are_of_steps = to_json(metrics) == to_json([dict(step.metrics) for step in trace.steps])
    writer.end(trace.stopped, trace.printed, trace.unfinished, None if are_of_steps else metrics, finite)


def _is_finite(step: Step) -> bool:
    # The summary of a large value is written in any case, and then known.
    return all(
        node.summary.is_finite if node.size > INLINE_KEPT and node.dtype in STORABLE_DTYPES else node.is_finite
        for node in step.nodes
    )


def _place_of(node: Node) -> Hashable:
    """What is the same for values of the same elements in memory: an array, its transpose, the same in another shape."""
    content = node.content
    if isinstance(content, np.ndarray) and (content.flags.c_contiguous or content.flags.f_contiguous):
        return content.__array_interface__["data"][0], content.size, node.dtype
    return id(content)


def _summarised(node: Node) -> tuple[bytes, Summary]:
    """The summary of a value, packed and as it is."""
    summary = node.summary if node.dtype in STORABLE_DTYPES else Summary(node.size)
    return packed_summary(summary, node.dtype), summary


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    known = {"database or disk is full": "the disk is full", "disk I/O error": "the disk takes no more"}
    return known.get(str(error), str(error))
