"""A large value in a trace file, loaded on first access."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tracer.errors import TraceFileError, UsageError
from tracer.graph.copies import PackedArray, pack
from tracer.graph.missing import MissingValue
from tracer.graph.strides import Strides, restore_array
from tracer.graph.summary import Summary
from tracer.store.rows import NOT_KEPT


class ValueFile(Protocol):
    """The file that a value is in."""

    path: Path

    def value(self, key: bytes, where: str) -> bytes:
        """The bytes of a value."""

    def damaged(self, problem: str) -> TraceFileError:
        """The error for a damaged file."""


class LazyValue:
    """A large value of a node, loaded on first access."""

    __slots__ = ("_array", "_dtype", "_file", "_key", "_shape", "_strides", "_where", "summary")

    def __init__(
        self,
        file: ValueFile,
        key: bytes,
        where: str,
        dtype: str,
        shape: tuple[int, ...],
        strides: Strides,
        summary: Summary,
    ) -> None:
        self._where = where
        self._file, self._key, self._dtype, self._shape, self._strides = file, key, dtype, shape, strides
        self.summary = summary
        self._array: np.ndarray | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the file has the value."""
        return self._key != NOT_KEPT

    @property
    def _reason(self) -> str:
        return f"{self._file.path} keeps only a summary of this value: record the run with --values all to have every number"

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy does not need the file."""
        if not self.is_kept:
            return MissingValue, (self.summary, self._reason)
        return PackedArray.unpacked, (pack(self.load()),)

    def load(self) -> np.ndarray:
        """The value. Raises UsageError if the file has only its statistics, TraceFileError if it is damaged."""
        if not self.is_kept:
            raise UsageError(self._reason)
        if self._array is None:
            content = self._file.value(self._key, self._where)
            try:
                self._array = restore_array(content, np.dtype(self._dtype), self._shape, self._strides)
            except ValueError as error:
                raise self._file.damaged(f"{self._where}: {error}") from None
        return self._array
