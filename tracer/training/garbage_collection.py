"""Garbage collection while a step is recorded."""

from __future__ import annotations

import gc
import threading
from types import TracebackType

_NEVER = 1_000_000
"""Number of collections of the middle generation before a full one."""


class WithoutFullCollections:
    """Postpones full garbage collections: each would visit the whole tape again, which has no garbage before the step ends.

    Younger objects are collected as ever. The threshold is that of the process: it is set back when the last of the threads that
    record leaves.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._threshold = (0, 0, 0)

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._threshold = gc.get_threshold()
                gc.set_threshold(*self._threshold[:2], _NEVER)
            self._inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                gc.set_threshold(*self._threshold)


without_full_collections = WithoutFullCollections()
