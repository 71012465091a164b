"""Encodes steps as rows, and writes their large values, each once."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from tracer.graph.missing import StoredValue
from tracer.graph.record import Node, Step
from tracer.graph.strides import Strides, stored_elements, to_stored
from tracer.graph.summary import Summary
from tracer.store.parts import NotStorableError
from tracer.store.plain_json import to_json
from tracer.store.rows import NOT_KEPT, Row, content_key, is_inline, is_storable, pack_summary


@dataclass(frozen=True, slots=True)
class _CachedArray:
    """The key and the summary of an array of the previous step. It holds the array, so that its address is not reused."""

    content: np.ndarray | StoredValue
    key: bytes
    packed: bytes
    summary: Summary


class RowEncoder:
    """Encodes the steps of a run in order. An array that did not change since the previous step is not processed again."""

    def __init__(self) -> None:
        self._cache: dict[Hashable, _CachedArray] = {}
        self._executor = ThreadPoolExecutor(max_workers=1)

    def encode(
        self,
        connection: sqlite3.Connection,
        position: int,
        step: Step,
        layouts: Sequence[Strides],
        structure: int,
        printed: str,
        *,
        keep: bool,
    ) -> tuple[Row, int]:
        """The row of a step, and the size of the row and its new values; `keep` inserts the values."""
        small: list[bytes] = []
        large: list[Node] = []
        identities: list[Hashable] = []
        digests: dict[Hashable, tuple[np.ndarray, Future[bytes]]] = {}
        for node, layout in zip(step.nodes, layouts, strict=True):
            if is_inline(node, layout, kept=keep):
                small.append(_stored(node, layout).tobytes())
                continue
            identity = _identity(node)
            large.append(node)
            identities.append(identity)
            if keep and node.is_kept and is_storable(node) and identity not in digests and not self._has_key(identity):
                # Hashing in a thread overlaps with SQLite's copying: both release the GIL.
                elements = _stored(node, layout)
                digests[identity] = elements, self._executor.submit(content_key, elements)
        previous, self._cache, size = self._cache, {}, 0
        for node, identity in zip(large, identities, strict=True):
            if identity in self._cache:
                continue
            cached = previous.get(identity) or _CachedArray(node.content, b"", *_summarize(node))
            if identity in digests:
                key, written = _insert_value(connection, *digests[identity])
                cached = replace(cached, key=key)
                size += written
            self._cache[identity] = cached
        arrays = [self._cache[identity] for identity in identities]
        for node, array in zip(large, arrays, strict=True):
            node.set_summary(array.summary)
        metrics = to_json(dict(step.metrics))
        keys = b"".join(array.key or NOT_KEPT for array in arrays) if keep else None
        packed_small, summaries = b"".join(small), b"".join(array.packed for array in arrays)
        row = Row(position, structure, step.index, metrics, printed, packed_small, summaries, keys)
        return row, size + len(metrics) + len(packed_small) + len(summaries) + len(keys or b"")

    def roll_back(self) -> None:
        """Forget all arrays: the values of the last step were rolled back."""
        self._cache = {}

    def close(self) -> None:
        """Stop the thread that computes digests."""
        self._executor.shutdown()

    def _has_key(self, identity: Hashable) -> bool:
        return identity in self._cache and bool(self._cache[identity].key)


def _insert_value(connection: sqlite3.Connection, elements: np.ndarray, digest: Future[bytes]) -> tuple[bytes, int]:
    """Insert a value unless it exists; its key, and the number of bytes written."""
    key = digest.result()
    if connection.execute("SELECT 1 FROM value WHERE key = ?", (key,)).fetchone():
        return key, 0
    connection.execute("INSERT INTO value VALUES (?, ?)", (key, elements.data))
    return key, elements.nbytes


def _stored(node: Node, layout: Strides) -> np.ndarray:
    """The elements of a value as the file has them."""
    try:
        return to_stored(stored_elements(node.value, layout), node.dtype)
    except ValueError as error:
        raise NotStorableError(f"node {node.id}: {error}") from None


def _identity(node: Node) -> Hashable:
    """The memory that a value refers to: the same for an array, its transpose and its reshaped views."""
    content = node.content
    if isinstance(content, np.ndarray) and (content.flags.c_contiguous or content.flags.f_contiguous):
        return content.__array_interface__["data"][0], content.size, node.dtype
    return id(content)


def _summarize(node: Node) -> tuple[bytes, Summary]:
    """The summary of a value, serialized and as it is."""
    return pack_summary(node.summary, node.dtype), node.summary
