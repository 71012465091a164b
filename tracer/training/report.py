"""Text that a scenario prints while it trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from tracer.arguments import checks_keywords
from tracer.errors import UsageError


@checks_keywords
@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Functions that return the text to print before the run, after each step and epoch, and at the end.

    Each returns text of any number of lines, or None to print nothing. Arguments are plain arrays and numbers, matched by name:

    - always: the data, the current parameters, the settings; `steps` and `epochs`, planned ones or, at the end, completed
      ones; `batches`, the number of steps per epoch;
    - from the first step on: `step`, `epoch` and `batch`, counted from 0, `loss`, and `record`, the recorded Step;
    - after an epoch: its metrics; `loss` is its mean loss.
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
