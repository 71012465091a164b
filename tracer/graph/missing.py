"""A value that is not in memory and cannot be loaded: only its statistics are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from tracer.errors import UsageError
from tracer.graph.summary import Summary


@dataclass(frozen=True, slots=True)
class MissingValue:
    """The statistics of a value that was left out; `reason` says why, and what to do, in one line."""

    summary: Summary
    reason: str

    @property
    def is_kept(self) -> bool:
        """False: the value itself is not there."""
        return False

    def load(self) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(self.reason)
