"""What was found in a run, and what could not be looked at: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracer.graph.record import EMPTY
from tracer.i18n.message import Message


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what, with the numbers that say so, what people do about it, and the node where it is seen.

    `step` is the index of the step of `node`; there is no node where it is the run as a whole, such as its loss.
    """

    what: Message
    advice: Message
    numbers: Mapping[str, float | int | str] = field(default_factory=lambda: EMPTY)
    step: int | None = None
    node: int | None = None

    @property
    def code(self) -> str:
        """The name of the rule."""
        return self.what.code.removeprefix("doctor_")


@dataclass(frozen=True, slots=True)
class Unseen:
    """What could not be looked at, and why."""

    what: Message
    why: Message


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found in a run of so many steps, of which those in `looked_at` were looked at closely.

    `sizes` is the number of operations of the steps with findings.
    """

    findings: Sequence[Finding]
    unseen: Sequence[Unseen]
    steps: int
    looked_at: Sequence[int]
    sizes: Mapping[int, int] = field(default_factory=lambda: EMPTY)
