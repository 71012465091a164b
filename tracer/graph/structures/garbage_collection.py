"""Fewer runs of Python's garbage collector while many objects are made that are no garbage."""

from __future__ import annotations

import gc

_NEVER = 1_000_000
"""Number of collections of the middle generation before a full one."""

_BY_DEFAULT = 700
"""New objects after which Python collects the young ones, unless a program sets another number; 0 stands for never."""


class FewerCollections:
    """The garbage collector runs less often, until `remove` is called or a `with` statement ends.

    It runs once for `objects` times as many new objects as by default. Without full collections it looks at young objects only.
    The thresholds that were found are set again, unless the program has chosen others since. Uses may be nested, and in several
    threads: the same use in another thread finds the thresholds that it would choose, and chooses them.
    """

    def __init__(self, *, objects: int = 1, has_full: bool = True) -> None:
        self._before = gc.get_threshold()
        young, middle, full = self._before
        self._chosen = (max(young, _BY_DEFAULT * objects) if young else 0, middle, full if has_full else _NEVER)
        gc.set_threshold(*self._chosen)

    def remove(self) -> None:
        """Set the thresholds that were found, unless the program has chosen others."""
        if gc.get_threshold() == self._chosen:
            gc.set_threshold(*self._before)

    def __enter__(self) -> FewerCollections:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def while_most_objects_stay() -> FewerCollections:
    """Fewer collections while modules are imported, or a file is read and shown: few of the new objects are garbage."""
    return FewerCollections(objects=100)


def while_a_step_is_recorded() -> FewerCollections:
    """Fewer collections for the time of a step: none before 700,000 objects are new, and no full one.

    All that is on the tape stays until the step ends: the collector would visit it for nothing, a fifth of the time.
    """
    return FewerCollections(objects=1_000, has_full=False)
