"""Encodes the values of a step as a row: small values inline, large ones as a summary and a key.

A value of up to 4096 bytes, a page of the file, stands in the row of its step. Where the values of a step are not kept, only
those of up to 64 bytes do: their summary would be as long.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Node
from tracer.graph.summary import Summary
from tracer.store.plain_json import STORABLE_DTYPES
from tracer.store.strides import Strides, array_of, byte_count

KEY_SIZE = 32
NOT_KEPT = bytes(KEY_SIZE)
"""Stands for the key of a value that a file cannot hold."""

INLINE_KEPT, INLINE = 4096, 64
"""Bytes up to which a value stands in the row: of a step whose values are kept, and of any other."""

LARGEST = 900_000_000
"""Bytes of the largest value that SQLite takes with certainty; of a larger one only the summary is kept."""

_SUMMARY = {"f": struct.Struct("<5d3q"), "i": struct.Struct("<2q3d3q"), "u": struct.Struct("<2Q3d3q")}
SUMMARY_SIZE = 64


@dataclass(frozen=True, slots=True)
class Row:
    """What the file holds of one step. `keys` is None where the values of the step are not kept."""

    position: int
    structure: int
    number: int
    metrics: str
    printed: str
    small: bytes
    summaries: bytes
    keys: bytes | None

    def digest(self, before: bytes) -> bytes:
        """The digest of the run up to this step, from the one up to the step before; keys are digests themselves."""
        head = f"{self.position} {self.structure} {self.number} {self.keys is not None} {len(self.metrics)} {len(self.printed)}"
        parts = (head.encode(), self.metrics.encode(), self.printed.encode(), self.small, self.summaries)
        return hashlib.sha256(b"\0".join((before, *(hashlib.sha256(part).digest() for part in parts)))).digest()


def is_inline(node: Node, layout: Strides, *, kept: bool) -> bool:
    """Whether the value of a node stands in the row of its step."""
    if node.dtype not in STORABLE_DTYPES:
        return False
    itemsize = np.dtype(node.dtype).itemsize
    # Of an array that repeats its elements the whole counts, too: its summary is to be read, not worked out.
    return byte_count(itemsize, node.shape, layout) <= (INLINE_KEPT if kept else INLINE) and node.size * itemsize <= INLINE_KEPT


def is_storable(node: Node) -> bool:
    """Whether a file can hold the value of a node; of any other it has a summary."""
    return node.dtype in STORABLE_DTYPES and node.size * np.dtype(node.dtype).itemsize <= LARGEST


def content_key(elements: np.ndarray) -> bytes:
    """The key of a value: a digest of its bytes."""
    return hashlib.sha256(elements).digest()  # type: ignore[arg-type]  # an array is a buffer


def packed_summary(summary: Summary, dtype: str) -> bytes:
    """A summary as 64 bytes."""
    kind = _kind(dtype)
    ends = (summary.minimum, summary.maximum) if summary.count or kind == "f" else (0, 0)
    return _SUMMARY[kind].pack(*ends, summary.mean, summary.std, summary.l2, summary.zeros, summary.nans, summary.infinities)


def summaries_of(packed: bytes, nodes: Sequence[Node]) -> Iterator[Summary]:
    """The summaries of these nodes. Raises ValueError where they are none."""
    if len(packed) != SUMMARY_SIZE * len(nodes):
        raise ValueError(f"it has {len(packed)} bytes of summaries, {SUMMARY_SIZE * len(nodes)} are needed")
    for number, node in enumerate(nodes):
        fields = _SUMMARY[_kind(node.dtype)].unpack_from(packed, SUMMARY_SIZE * number)
        summary = Summary(node.size, *fields)
        if min(fields[5:]) < 0 or summary.zeros + summary.nans + summary.infinities > summary.count:
            raise ValueError("it has a summary that counts more elements than there are")
        if summary.finite_count and not np.all(np.isfinite(fields[:2])):
            raise ValueError("it has a summary whose extremes are not finite")
        yield summary


def inline_values(packed: bytes, nodes: Sequence[Node], layouts: Sequence[Strides]) -> Iterator[np.ndarray]:
    """The values of these nodes. Raises ValueError where there are fewer or more bytes."""
    start = 0
    for node, layout in zip(nodes, layouts, strict=True):
        dtype = np.dtype(node.dtype)
        end = start + byte_count(dtype.itemsize, node.shape, layout)
        yield array_of(packed[start:end], dtype, node.shape, layout)
        start = end
    if start != len(packed):
        raise ValueError(f"it has {len(packed)} bytes of small values, {start} are needed")


def _kind(dtype: str) -> str:
    kind = np.dtype(dtype).kind if dtype in STORABLE_DTYPES else "f"
    return "i" if kind in "bi" else "u" if kind == "u" else "f"
