"""The retention policy of a trace file: which steps keep all values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tracer.errors import UsageError

CHOICES = ("all", "sampled", "summary")
BUDGET = 256_000_000
"""Bytes that the values of a run may take before only a sample of its steps is kept, unless asked for another number."""

SAMPLES = 50
"""About how many steps a sample has that was asked for; fewer where the budget demands it."""


@dataclass(slots=True)
class RetentionPolicy:
    """Decides step by step. `choice` is one of CHOICES, or empty: all while the budget lasts, then a sample.

    A sample has the first and the last step, every step with a number that is not finite, and every k-th, where `every` is
    k; it doubles while the rest of the run, at the present rate, would pass the budget.
    """

    choice: str
    planned: int
    budget: int = BUDGET
    every: int = 1
    written: int = 0
    kept: int = 0

    def __post_init__(self) -> None:
        if self.choice not in ("", *CHOICES):
            raise UsageError(f"values are kept as one of {', '.join(CHOICES)}, not as {self.choice!r}")
        if self.choice == "sampled":
            self.every = max(2, math.ceil(self.planned / SAMPLES))

    @property
    def is_sampled(self) -> bool:
        """Whether the values of some steps are left out."""
        return self.every > 1

    def wants(self, position: int, is_finite: Callable[[], bool]) -> bool:
        """Whether the values of this step are kept."""
        if self.choice == "summary":
            return False
        return position % self.every == 0 or not is_finite()

    def count(self, position: int, size: int, *, was_kept: bool) -> None:
        """Note how many bytes a step took."""
        self.written += size
        self.kept += was_kept
        # The first step is larger than those that follow: data that they share is in it.
        if self.choice not in ("", "sampled") or not was_kept or not position:
            return
        rest = self.planned - position - 1
        while self.written + size * (rest // self.every) > self.budget and self.every < self.planned:
            self.every *= 2


def size_in_bytes(text: str) -> int:
    """A number of bytes as people write it.

    >>> size_in_bytes("256MB"), size_in_bytes("1.5 GB"), size_in_bytes("64KiB"), size_in_bytes("1000")
    (256000000, 1500000000, 65536, 1000)
    """
    digits = text.strip().rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    unit = text.strip()[len(digits) :].strip().lower()
    factor = {"": 1, "b": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}.get(unit.removesuffix("b") or unit)
    if unit.endswith("ib"):
        factor = {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}.get(unit)
    try:
        size = float(digits) * (factor or math.nan)
    except ValueError:
        size = math.nan
    if not math.isfinite(size) or size < 0:
        raise UsageError(f"--budget takes a size such as 256MB or 1GiB, this is {text!r}")
    return int(size)
