"""What a program prints while it trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from tracer.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Functions that return what a program prints: before the run, after each step and epoch, and at the end.

    Each returns text of any number of lines, or None to print nothing. Arguments are matched by name, and are plain arrays
    and numbers: the data, the parameters as they are then, the settings; `steps` and `epochs`, which are those planned
    and at the end those done, and `batches`, the steps of an epoch; from the first step on `step`, `epoch` and `batch`,
    counted from 0, `loss`, and `record`, the recorded Step; after an epoch its metrics, and `loss` is its mean loss.
    """

    start: Callable[..., str | None] | None = None
    step: Callable[..., str | None] | None = None
    epoch: Callable[..., str | None] | None = None
    end: Callable[..., str | None] | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value: Any = getattr(self, each.name)
            if value is not None and not callable(value):
                raise UsageError(f"Report: {each.name} must be a function that returns text, this is {value!r}")
