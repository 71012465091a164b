"""Serializes the values of a step as a row: small values inline, large ones as a summary and a key.

Values of up to 4096 bytes, a page of the file, are inline. In a step without values only those of up to 64 bytes are, the size
of a summary.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tracer.graph.record import Step
from tracer.graph.strides import HELD_IN, Strides, array_dtype, byte_count, stored_dtype
from tracer.graph.summary import Summary
from tracer.i18n.message import Message
from tracer.store.format import LARGE_STEP, READER, READER_OF_BFLOAT16, READER_OF_COLUMNS, READER_OF_PROGRAMS
from tracer.store.plain_json import STORABLE_DTYPES

KEY_SIZE = 32
NOT_KEPT = bytes(KEY_SIZE)
"""The key of a value that is not stored."""

INLINE_KEPT, INLINE = 4096, 64
"""Maximum size in bytes of an inline value: in a step with values, and in any other."""

MAX_VALUE_SIZE = 900_000_000
"""Maximum size in bytes of a stored value, below SQLite's limit; larger values are stored as a summary."""

MAX_ITEM_SIZE = 16
"""Maximum size in bytes of an element of a stored value."""

_SUMMARY = {"f": struct.Struct("<5d3q"), "i": struct.Struct("<2q3d3q"), "u": struct.Struct("<2Q3d3q")}
SUMMARY_SIZE = 64


class Shaped(Protocol):
    """What has a dtype and a shape: a node, or the form of its value."""

    @property
    def dtype(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Form:
    """Dtype, shape and memory layout of a value; many values of a step have the same."""

    dtype: str
    shape: tuple[int, ...]
    strides: Strides

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Row:
    """The row of a step. `keys` is None if the values of the step are not kept."""

    position: int
    structure: int
    number: int
    metrics: str
    printed: str
    small: bytes
    summaries: bytes
    keys: bytes | None

    def digest(self, previous: bytes) -> bytes:
        """The digest of the run up to this step, given that of the previous step; keys are not covered, as they are digests."""
        head = f"{self.position} {self.structure} {self.number} {self.keys is not None} {len(self.metrics)} {len(self.printed)}"
        parts = (head.encode(), self.metrics.encode(), self.printed.encode(), self.small, self.summaries)
        return hashlib.sha256(b"\0".join((previous, *(hashlib.sha256(part).digest() for part in parts)))).digest()


def is_inline(node: Shaped, layout: Strides, *, kept: bool) -> bool:
    """Whether the value of a node is stored in the row of its step."""
    if node.dtype not in STORABLE_DTYPES:
        return False
    itemsize = stored_dtype(node.dtype).itemsize
    # The full size of a broadcast array counts too, so that its summary is read and not computed.
    return byte_count(itemsize, node.shape, layout) <= (INLINE_KEPT if kept else INLINE) and node.size * itemsize <= INLINE_KEPT


def why_not_storable(dtype: str, shape: Sequence[int]) -> Message | None:
    """Why a file cannot store an array and has only its summary; None if it can."""
    if dtype not in STORABLE_DTYPES:
        return Message("dtype_not_storable", {"dtype": dtype})
    size = math.prod(shape) * stored_dtype(dtype).itemsize
    return Message("too_large", {"size": size, "limit": MAX_VALUE_SIZE}) if size > MAX_VALUE_SIZE else None


def is_storable(node: Shaped) -> bool:
    """Whether a file can store the value of a node; any other value is stored as a summary."""
    return why_not_storable(node.dtype, node.shape) is None


def unstorable_values(step: Step) -> Iterator[Message]:
    """Why a value of a step cannot be stored, for each value that it has and a file cannot store."""
    for node in step.nodes:
        # Most values are small: their exact size is not needed.
        if node.dtype in STORABLE_DTYPES and node.size * MAX_ITEM_SIZE <= MAX_VALUE_SIZE:
            continue
        reason = why_not_storable(node.dtype, node.shape)
        if reason is not None and node.is_kept:
            yield reason


def reader_of(step: Step) -> int:
    """The number of the reader that a file with this step needs."""
    if len(step.nodes) >= LARGE_STEP:
        return READER_OF_COLUMNS
    if any(node.dtype in HELD_IN for node in step.nodes):
        return READER_OF_BFLOAT16
    if step.own_gradients or step.marks or any(not node.is_kept and is_unknown(node.summary) for node in step.nodes):
        return READER_OF_PROGRAMS
    return READER


def content_key(elements: np.ndarray) -> bytes:
    """The key of a value: a digest of its bytes."""
    return hashlib.sha256(elements).digest()  # type: ignore[arg-type]  # an array is a buffer


def text_digest(text: str) -> bytes:
    """The digest of a text column."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def pack_summary(summary: Summary, dtype: str) -> bytes:
    """Serialize a summary to 64 bytes."""
    kind = _kind(dtype)
    extremes = (summary.minimum, summary.maximum) if summary.count or kind == "f" else (0, 0)
    return _SUMMARY[kind].pack(*extremes, summary.mean, summary.std, summary.l2, summary.zeros, summary.nans, summary.infinities)


def is_unknown(summary: Summary) -> bool:
    """Whether nobody looked at a value: only its shape was recorded."""
    return math.isnan(summary.l2) and not summary.nans


def unpack_summaries(packed: bytes, nodes: Sequence[Shaped]) -> Iterator[Summary]:
    """The summaries of these nodes. Raises ValueError if they are invalid."""
    for index, node in enumerate(nodes):
        fields = _SUMMARY[_kind(node.dtype)].unpack_from(packed, SUMMARY_SIZE * index)
        summary = Summary(node.size, *fields)
        if min(fields[5:]) < 0 or summary.zeros + summary.nans + summary.infinities > summary.count:
            raise ValueError("it has a summary that counts more elements than there are")
        # A longdouble may be beyond the doubles of a summary, and an object has no statistics.
        is_storable_number = summary.finite_count and node.dtype in STORABLE_DTYPES
        if is_storable_number and not is_unknown(summary) and not np.all(np.isfinite(fields[:2])):
            raise ValueError("it has a summary whose extremes are not finite")
        yield summary


def _kind(dtype: str) -> str:
    kind = array_dtype(dtype).kind if dtype in STORABLE_DTYPES else "f"
    return "i" if kind in "bi" else "u" if kind == "u" else "f"
