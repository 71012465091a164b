"""Fewer runs of Python's garbage collector while many objects are made that are no garbage."""

from __future__ import annotations

import gc

_NEVER = 1_000_000
"""Number of collections of the middle generation before a full one."""


class FewerCollections:
    """The garbage collector runs less often, until `remove` is called or a `with` statement ends.

    It runs once for `objects` times as many new objects. Without full collections it looks at young objects only. The thresholds
    that were found are set again, unless the program has chosen others since: uses may be nested, and in several threads.
    """

    def __init__(self, *, objects: int = 1, has_full: bool = True) -> None:
        self._before = gc.get_threshold()
        young, middle, full = self._before
        self._chosen = (young * objects, middle, full if has_full else _NEVER)
        gc.set_threshold(*self._chosen)

    def remove(self) -> None:
        """Set the thresholds that were found, unless the program has chosen others."""
        if gc.get_threshold() == self._chosen:
            gc.set_threshold(*self._before)

    def __enter__(self) -> FewerCollections:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
