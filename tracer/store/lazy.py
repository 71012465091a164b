"""The parts of a trace file that are loaded on access: sequences, the nodes of a step, and large values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, overload

import numpy as np

from tracer.errors import TraceFileError
from tracer.graph.missing import NOT_RETAINED, MissingValue, StoredValue
from tracer.graph.record import Node
from tracer.graph.strides import PackedArray, pack, restore_array
from tracer.graph.summary import Summary
from tracer.i18n.message import Message
from tracer.store.row_layout import RowLayout
from tracer.store.rows import NOT_KEPT, Form, Row, why_not_storable
from tracer.store.structures.columns import ColumnNodes
from tracer.store.structures.structure import Structure, with_content

Item = TypeVar("Item")

CACHED_ITEMS = 2
"""Items of a lazy sequence that stay in memory."""


class Cache(Generic[Item]):
    """A cache of bounded size, which evicts the oldest item."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._items: dict[int, Item] = {}

    def get(self, key: int, load: Callable[[int], Item]) -> Item:
        """The item of a key, loaded on a miss."""
        if key not in self._items:
            item = load(key)
            while len(self._items) >= self._max_size:
                del self._items[next(iter(self._items))]
            self._items[key] = item
        return self._items[key]


class LazySequence(Sequence[Item]):
    """A sequence whose items are loaded on access; the latest ones are cached."""

    def __init__(self, count: int, load: Callable[[int], Item]) -> None:
        self._count = count
        self._load = load
        self._cache: Cache[Item] = Cache(CACHED_ITEMS)

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<{self._count} items in a file>"

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)  # a copy does not need the file

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(index, slice):
            return tuple(self._load(position) for position in range(*index.indices(self._count)))
        index = operator.index(index)
        position = index + self._count if index < 0 else index
        if not 0 <= position < self._count:
            raise IndexError(f"there are {self._count} steps, there is none at {index}")
        return self._cache.get(position, self._load)


class Printed(Sequence[str]):
    """The printed output of a run, of its steps and then of its end; loaded as a whole on first access."""

    def __init__(self, steps: int, of_step: Callable[[int], list[str]], at_end: tuple[str, ...]) -> None:
        self._steps, self._of_step, self._at_end = steps, of_step, at_end
        self._texts: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._all(),)

    def _all(self) -> tuple[str, ...]:
        if self._texts is None:
            self._texts = (*(text for step in range(self._steps) for text in self._of_step(step)), *self._at_end)
        return self._texts

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return self._all()[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())


class StoredStructure:
    """A structure in a file: steps share it whose nodes differ in their values only."""

    def __init__(self, structure: Structure, digest: bytes) -> None:
        self.step = structure.step
        self.digest = digest
        self._forms: Sequence[Form] = structure.forms()
        self._rows: dict[bool, RowLayout] = {}

    def node(self, id: int, content: np.ndarray | StoredValue) -> Node:
        """A node with this value."""
        nodes = self.step.nodes
        return nodes.with_content(id, content) if isinstance(nodes, ColumnNodes) else with_content(nodes[id], content)

    def nodes(self, contents: Iterable[np.ndarray | StoredValue]) -> list[Node]:
        """All nodes with these values."""
        nodes = self.step.nodes
        return nodes.with_contents(contents) if isinstance(nodes, ColumnNodes) else list(map(with_content, nodes, contents))

    def rows(self, *, kept: bool) -> RowLayout:
        """Where the values are in rows of steps with values, or in those without."""
        if kept not in self._rows:
            self._rows[kept] = RowLayout(self._forms, kept=kept)
        return self._rows[kept]


class StoredNodes(Sequence[Node]):
    """The nodes of a step in a file: each is made when it is first read, and their values without them.

    `digest` is the same for steps that have the same structure and the same bits.
    """

    __slots__ = ("_contents", "_large", "_nodes", "digest", "row", "structure")

    def __init__(self, structure: StoredStructure, row: Row, large: Sequence[StoredValue]) -> None:
        self.structure = structure
        self.digest = structure.digest, row.small, row.summaries, row.keys
        self._large, self.row = large, row
        self._contents: list[np.ndarray | StoredValue] | None = None
        self._nodes: list[Node | None] = []

    @property
    def layout(self) -> RowLayout:
        """Where the values are in the row."""
        return self.structure.rows(kept=self.row.keys is not None)

    @property
    def contents(self) -> list[np.ndarray | StoredValue]:
        """The content of each node: its inline value, or a lazy reference."""
        if self._contents is None:
            self._contents = self.layout.inline_values(self.row)
            for (id, _), value in zip(self.layout.large, self._large, strict=True):
                self._contents[id] = value
        return self._contents

    def contents_at(self, ids: Sequence[int]) -> list[np.ndarray | StoredValue]:
        """The contents of these nodes, without those of others."""
        found: list[np.ndarray | StoredValue] = self.layout.some_values(self.row, ids)
        if self._large:
            large = {id: value for (id, _), value in zip(self.layout.large, self._large, strict=True)}
            found = [large.get(id, value) for id, value in zip(ids, found, strict=True)]
        return found

    def have_bits(self, values: Sequence[np.ndarray | None]) -> bool:
        """Whether values have the bits of these, which have their dtypes and shapes; None in place of what is not compared."""
        if not self.layout.has_bits(self.row, values):
            return False
        large = [(values[id], stored) for (id, _), stored in zip(self.layout.large, self._large, strict=True)]
        return all(value is None or value.tobytes() == stored.load().tobytes() for value, stored in large)

    @property
    def why_missing(self) -> list[Message]:
        """Why values are missing, for each that is."""
        keys = self.row.keys
        if keys is not None and NOT_KEPT not in keys:
            return []
        return [value.why_missing for value in self._large if value.why_missing is not None]

    def __len__(self) -> int:
        return len(self.structure.step.nodes)

    @overload
    def __getitem__(self, position: int) -> Node: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Node, ...]: ...
    def __getitem__(self, position: int | slice) -> Node | tuple[Node, ...]:
        if isinstance(position, slice):
            return tuple(map(self._node, range(*position.indices(len(self)))))
        position = operator.index(position)
        return self._node(range(len(self))[position] if position < 0 else position)

    def __iter__(self) -> Iterator[Node]:
        if not self._nodes:
            self._nodes = [*self.structure.nodes(self.contents)]
        return map(self._node, range(len(self)))

    def _node(self, position: int) -> Node:
        if not self._nodes:
            self._nodes = [None] * len(self)
            (content,) = self.contents_at([position])  # perhaps no other is asked for
            self._nodes[position] = self.structure.node(position, content)
        node = self._nodes[position]
        if node is None:
            node = self._nodes[position] = self.structure.node(position, self.contents[position])
        return node

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)  # a copy does not need the file


class ValueFile(Protocol):
    """The file that a value is in."""

    path: Path

    def value(self, key: bytes, where: str) -> bytes:
        """The bytes of a value."""

    def damaged(self, problem: str) -> TraceFileError:
        """The error for a damaged file."""


class LazyValue:
    """A large value of a node, loaded on first access."""

    __slots__ = ("_array", "_file", "_form", "_key", "_where", "summary")

    def __init__(self, file: ValueFile, key: bytes, where: str, form: Form, summary: Summary) -> None:
        self._where = where
        self._file, self._key, self._form = file, key, form
        self.summary = summary
        self._array: np.ndarray | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the file has the value."""
        return self._key != NOT_KEPT

    @property
    def why_missing(self) -> Message | None:
        """Why the file does not have the value; None if it has. The dtype and the shape tell it, for files of every version."""
        return None if self.is_kept else why_not_storable(self._form.dtype, self._form.shape) or NOT_RETAINED

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy does not need the file."""
        if not self.is_kept:
            return MissingValue, (self.summary, self.why_missing, str(self._file.path))
        return PackedArray.unpacked, (pack(self.load()),)

    def load(self) -> np.ndarray:
        """The value. Raises UsageError if the file has only its statistics, TraceFileError if it is damaged."""
        if self.why_missing is not None:
            MissingValue(self.summary, self.why_missing, str(self._file.path)).load()
        if self._array is None:
            content = self._file.value(self._key, self._where)
            try:
                self._array = restore_array(content, self._form.dtype, self._form.shape, self._form.strides)
            except ValueError as error:
                raise self._file.damaged(f"{self._where}: {error}") from None
        return self._array
