"""Reads a trace file: steps, values and metrics are loaded when they are accessed."""

from __future__ import annotations

import operator
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import numpy as np

from tracer.errors import TraceFileError, UsageError
from tracer.graph.record import Step, StoredValue, Trace
from tracer.graph.summary import Summary
from tracer.i18n.message import Message
from tracer.store.format import DAMAGE, limit_time, open_to_read, told
from tracer.store.messages import message_from
from tracer.store.plain_json import from_json
from tracer.store.rows import KEY_SIZE, NOT_KEPT, Row, content_key, inline_values, is_inline, is_storable, summaries_of
from tracer.store.strides import Strides, array_of
from tracer.store.structure import Structure, structure_from, with_values

Item = TypeVar("Item")

KNOWN_STRUCTURES, KNOWN_STEPS = 8, 2
"""How many structures are held in memory, and how many steps."""

NOT_ENDED = Message("not_ended")

_HEAD = {"scenario": str, "title": str, "seed": int, "dtype": str, "hyperparameters": dict, "versions": dict, "source": str,
         "arithmetic": str, "byteorder": str}  # fmt: skip
_END = {"stopped": str, "unfinished": str, "printed": list, "metrics": (list, type(None)), "steps": int, "digest": str,
        "finite": int}  # fmt: skip


def read(path: str | Path) -> Trace:
    """The trace in a file. Raises UsageError where there is no such file, TraceFileError where it is none or damaged.

    Opening takes as long for a large file as for a small one; a step is read when it is asked for, a value when it is.
    The file stays open as long as anything of the trace is in use. Nothing in it is executed.
    """
    place = Path(path)
    if not place.exists():
        raise UsageError(f"there is no file {place}")
    if place.is_dir():
        raise UsageError(f"{place} is a folder: name the trace file in it")
    if not place.is_file():
        raise TraceFileError(f"{place} is no trace file: it is a device or a pipe")
    return TraceFile(place).trace()


class TraceFile:
    """An open trace file. Every part is checked when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._connection = open_to_read(path)
        self._structures: Recent[Structure] = Recent(KNOWN_STRUCTURES)

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)  # there is none where a copy was tried and refused
        if connection is not None:
            connection.close()

    def damaged(self, what: str) -> TraceFileError:
        """The error that says what is wrong with the file."""
        return TraceFileError(f"{self.path} is damaged: {what}")

    def trace(self) -> Trace:
        """The trace, whose steps are read as they are asked for."""
        head = self._part("head", _HEAD)
        if head is None:
            raise self.damaged("it has no head")
        if head["byteorder"] != sys.byteorder:
            raise TraceFileError(f"{self.path} was written on a machine with the other order of bytes")
        end = self._part("end", _END)
        last = self._rows("SELECT position FROM step ORDER BY position DESC LIMIT 1")
        count = self._whole(last[0][0], "a step") + 1 if last else 0
        if end is not None and (end["steps"], end["digest"]) != (count, self._digest(count - 1).hex()):
            raise self.damaged(f"it has {count} steps, and ends with {end['steps']}")
        steps = LazySequence(count, self.step)
        metrics: Sequence[Mapping[str, Any]] = LazySequence(count, lambda position: self._metrics(self.row(position)))
        if end is not None and end["metrics"] is not None:
            if not all(isinstance(row, dict) for row in end["metrics"]):
                raise self.damaged("its metrics are none")
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
        )

    # Parts of the file.

    def step(self, position: int) -> Step:
        """The step at a position."""
        row = self.row(position)
        structure = self._structures.get(row.structure, self._structure)
        try:
            contents = self._contents(row, structure)
        except ValueError as error:
            raise self.damaged(f"step {position}: {error}") from None
        return with_values(structure, row.number, contents, self._metrics(row))

    def row(self, position: int) -> Row:
        """What is written of the step at a position, checked against its digest."""
        fields = "position, structure, number, metrics, printed, small, summaries, keys, digest"
        found = self._rows(f"SELECT {fields} FROM step WHERE position = ? LIMIT 1", position)
        if not found:
            raise self.damaged(f"step {position} is missing")
        *held, digest = found[0]
        kinds: tuple[Any, ...] = (int, int, int, str, str, bytes, bytes, (bytes, type(None)))
        if not all(isinstance(each, kind) for each, kind in zip(held, kinds, strict=True)):
            raise self.damaged(f"step {position} is no step")
        row = Row(*held)
        if row.digest(self._digest(position - 1)) != digest:
            raise self.damaged(f"step {position} is not what was written")
        return row

    def _digest(self, position: int) -> bytes:
        """The digest of the run up to a step; of its head alone, where the position is -1."""
        if position < 0:
            found = self._rows("SELECT digest FROM run WHERE part = 'head' LIMIT 1")
        else:
            found = self._rows("SELECT digest FROM step WHERE position = ? LIMIT 1", position)
        if not found or not isinstance(found[0][0], bytes):
            raise self.damaged(f"step {position} is missing")
        return found[0][0]

    def value(self, key: bytes, where: str) -> bytes:
        """The bytes of a value, checked against its key; `where` it stands is said if they are not."""
        found = self._rows("SELECT content FROM value WHERE key = ? LIMIT 1", key)
        if not found:
            raise self.damaged(f"{where}: the value is missing")
        content = found[0][0]
        if not isinstance(content, bytes) or content_key(np.frombuffer(content, np.uint8)) != key:
            raise self.damaged(f"{where}: the value is not what was written")
        return content

    def _part(self, name: str, kinds: Mapping[str, Any]) -> dict[str, Any] | None:
        found = self._rows("SELECT content, digest FROM run WHERE part = ? LIMIT 1", name)
        if not found:
            return None
        content, digest = found[0]
        held = self._checked(content, digest, f"its {name}")
        if not isinstance(held, dict) or any(not isinstance(held.get(key, ...), kind) for key, kind in kinds.items()):
            raise self.damaged(f"its {name} is not that of a trace")
        return held

    def _message(self, end: Mapping[str, Any], name: str) -> Message | None:
        """What the end says, which has the message beside the text since version 1.1."""
        messages = end.get("messages", {})
        if not isinstance(messages, dict):
            raise self.damaged("its messages are none")
        try:
            return message_from(end[name], messages.get(name))
        except ValueError as error:
            raise self.damaged(f"its end: {error}") from None

    def _structure(self, id: int) -> Structure:
        found = self._rows("SELECT content, digest FROM structure WHERE id = ? LIMIT 1", id)
        if not found:
            raise self.damaged(f"the structure {id} is missing")
        content, digest = found[0]
        self._check_text(content, digest, f"the structure {id}")
        try:
            return structure_from(content)
        except ValueError as error:
            raise self.damaged(f"the structure {id}: {error}") from None

    def _checked(self, content: Any, digest: Any, what: str) -> Any:
        self._check_text(content, digest, what)
        try:
            return from_json(content)
        except ValueError as error:
            raise self.damaged(f"{what}: {error}") from None

    def _check_text(self, content: Any, digest: Any, what: str) -> None:
        if not isinstance(content, str) or text_digest(content) != digest:
            raise self.damaged(f"{what} is not what was written")

    def _contents(self, row: Row, structure: Structure) -> list[np.ndarray | StoredValue]:
        """For each node its value, or what loads it."""
        nodes, layouts, kept = structure.step.nodes, structure.layouts, row.keys is not None
        inline = [is_inline(node, layout, kept=kept) for node, layout in zip(nodes, layouts, strict=True)]
        small = [node for node, short in zip(nodes, inline) if short]
        values = inline_values(row.small, small, [layout for layout, short in zip(layouts, inline) if short])
        large = [node for node, short in zip(nodes, inline) if not short]
        summaries = summaries_of(row.summaries, large)
        keys = row.keys if row.keys is not None else NOT_KEPT * len(large)
        if len(keys) != KEY_SIZE * len(large):
            raise ValueError(f"it has {len(keys)} bytes of keys, {KEY_SIZE * len(large)} are needed")
        contents: list[np.ndarray | StoredValue] = []
        start = 0
        for node, layout, short in zip(nodes, layouts, inline):
            if short:
                contents.append(next(values))
                continue
            key = keys[start : start + KEY_SIZE]
            if key != NOT_KEPT and not is_storable(node):
                raise ValueError(f"it keeps a value of {node.dtype}{list(node.shape)}")
            contents.append(_Stored(self, key, (row.number, node.id), node.dtype, node.shape, layout, next(summaries)))
            start += KEY_SIZE
        for _ in values:
            pass  # which finds bytes that are left over
        return contents

    def _metrics(self, row: Row) -> Mapping[str, Any]:
        held = self._plain(row.metrics, row)
        if not isinstance(held, dict) or not all(isinstance(held.get(name, 0), int) for name in ("step", "epoch")):
            raise self.damaged(f"step {row.position} has metrics that are none")
        return held

    def _printed(self, position: int) -> list[str]:
        row = self.row(position)
        held = self._plain(row.printed, row)
        if not isinstance(held, list):
            raise self.damaged(f"step {position} printed something that is no text")
        return list(map(str, held))

    def _plain(self, text: str, row: Row) -> Any:
        try:
            return from_json(text)
        except ValueError as error:
            raise self.damaged(f"step {row.position}: {error}") from None

    def _whole(self, held: Any, what: str) -> int:
        if not isinstance(held, int) or not 0 <= held < 1 << 60:
            raise self.damaged(f"{what} has the position {held!r}")
        return held

    def _rows(self, question: str, *given: Any) -> list[tuple[Any, ...]]:
        assert self._connection is not None
        limit_time(self._connection)
        try:
            return self._connection.execute(question, given).fetchall()
        except DAMAGE as error:
            raise self.damaged(told(error)) from None


def text_digest(text: str) -> bytes:
    """The digest of a text of the file."""
    return content_key(np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8))


class _Stored:
    """A large value of a node: loaded when it is first asked for, and then held as long as its step."""

    __slots__ = ("_array", "_dtype", "_file", "_key", "_place", "_shape", "_strides", "summary")

    def __init__(
        self,
        file: TraceFile,
        key: bytes,
        place: tuple[int, int],
        dtype: str,
        shape: tuple[int, ...],
        strides: Strides,
        summary: Summary,
    ) -> None:
        self._place = place
        self._file, self._key, self._dtype, self._shape, self._strides = file, key, dtype, shape, strides
        self.summary = summary
        self._array: np.ndarray | None = None

    @property
    def is_kept(self) -> bool:
        return self._key != NOT_KEPT

    def load(self) -> np.ndarray:
        if not self.is_kept:
            raise UsageError(
                f"{self._file.path} keeps only a summary of this value: record the run with --values all to have every number"
            )
        if self._array is None:
            step, node = self._place
            where = f"step {step}, node {node}"
            content = self._file.value(self._key, where)
            try:
                self._array = array_of(content, np.dtype(self._dtype), self._shape, self._strides)
            except ValueError as error:
                raise self._file.damaged(f"{where}: {error}") from None
        return self._array


class Recent(Generic[Item]):
    """The last so many items, by number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: dict[int, Item] = {}

    def get(self, number: int, make: Callable[[int], Item]) -> Item:
        """The item of that number, made unless it is at hand."""
        if number not in self._items:
            item = make(number)
            while len(self._items) >= self._most:
                del self._items[next(iter(self._items))]
            self._items[number] = item
        return self._items[number]


class LazySequence(Sequence[Item]):
    """So many items, each read when it is asked for; the last ones are remembered."""

    def __init__(self, count: int, item: Callable[[int], Item]) -> None:
        self._count = count
        self._read = item
        self._known: Recent[Item] = Recent(KNOWN_STEPS)

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<{self._count} items in a file>"

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, at: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(at, slice):
            return tuple(self._read(position) for position in range(*at.indices(self._count)))
        at = operator.index(at)
        position = at + self._count if at < 0 else at
        if not 0 <= position < self._count:
            raise IndexError(f"there are {self._count} steps, there is none at {at}")
        return self._known.get(position, self._read)


class Printed(Sequence[str]):
    """What the program printed, step by step and at its end; read as a whole when it is first asked for."""

    def __init__(self, steps: int, of_step: Callable[[int], list[str]], at_the_end: tuple[str, ...]) -> None:
        self._steps, self._of_step, self._at_the_end = steps, of_step, at_the_end
        self._texts: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> tuple[str, ...]:
        if self._texts is None:
            self._texts = (*(text for step in range(self._steps) for text in self._of_step(step)), *self._at_the_end)
        return self._texts

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        return self._all()[at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())
