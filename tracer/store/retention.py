"""The retention policy of a trace file: which steps keep all values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tracer.errors import UsageError
from tracer.graph.record import Step
from tracer.store.plain_json import STORABLE_DTYPES
from tracer.store.rows import INLINE_KEPT

CHOICES = ("all", "sampled", "summary")
BUDGET = 256_000_000
"""Default size in bytes of the values of a run, above which only a sample of its steps is kept."""

SAMPLES = 50
"""Approximate number of steps of a requested sample; fewer if the budget requires it."""


@dataclass(slots=True)
class RetentionPolicy:
    """Decides for each step whether its values are kept. `choice` is one of CHOICES, or empty: all up to the budget.

    A sample has the first and the last step, every step with a non-finite value, and every k-th step, where k is `every`; k
    doubles while the projected size of the run exceeds the budget.
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
        """Whether only a sample of the steps is kept."""
        return self.every > 1

    def should_keep(self, position: int, is_finite: Callable[[], bool]) -> bool:
        """Whether to keep the values of a step."""
        if self.choice == "summary":
            return False
        return position % self.every == 0 or not is_finite()

    def add(self, position: int, size: int, *, was_kept: bool) -> None:
        """Add the size of a written step, and adapt the sample to the budget."""
        self.written += size
        self.kept += was_kept
        # The first step is no estimate for later ones: it includes the data that all steps share.
        if self.choice not in ("", "sampled") or not was_kept or not position:
            return
        remaining = self.planned - position - 1
        while self.written + size * (remaining // self.every) > self.budget and self.every < self.planned:
            self.every *= 2


def is_finite_step(step: Step) -> bool:
    """Whether every number of a step is finite, by the summaries that are needed and cached anyway."""
    return all(
        node.summary.is_finite if node.size > INLINE_KEPT and node.dtype in STORABLE_DTYPES else node.is_finite
        for node in step.nodes
    )


def size_in_bytes(text: str) -> int:
    """Parse a size in bytes with an optional unit.

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
