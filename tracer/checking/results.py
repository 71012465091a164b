"""What a check found: plain data, read by the command, by assertions and by people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from tracer.graph.plain_values import plain
from tracer.graph.record import Source
from tracer.i18n.message import Message

TOLERANCES: Mapping[str, float] = {"float64": 1e-10, "float32": 1e-3, "float16": 1e-1}
"""The largest relative error that passes, for what may be a long sum of numbers of that dtype."""


def tolerance_of(dtypes: Iterable[str]) -> float:
    """What passes where numbers of these dtypes are met on the way: the least exact of them decides.

    >>> tolerance_of(["float64"]), tolerance_of(["float64", "float32", "int64"])
    (1e-10, 0.001)
    """
    return max((TOLERANCES[dtype] for dtype in dtypes if dtype in TOLERANCES), default=TOLERANCES["float64"])


@dataclass(frozen=True, slots=True)
class Difference:
    """One number of a gradient: at an index (None for a projection of the whole gradient), recorded and expected.

    `error` is how far they differ, `allowed` how far they may, both relative.
    """

    index: tuple[int, ...] | None
    found: float
    expected: float
    error: float
    allowed: float

    @property
    def is_wrong(self) -> bool:
        """Whether they differ by more than is allowed."""
        return self.error > self.allowed


@dataclass(frozen=True, slots=True)
class Comparison:
    """The gradient with respect to one parameter, or its product with the second derivatives, against the oracle.

    `entries` of its `size` numbers were compared one by one, and `projections` sums over all of them with random weights.
    `worst` is the number with the largest error.
    """

    name: str
    shape: tuple[int, ...]
    order: int
    method: Message
    size: int
    entries: int
    projections: int
    worst: Difference | None

    @property
    def error(self) -> float:
        """The largest relative error; 0 for a parameter without numbers."""
        return self.worst.error if self.worst is not None else 0.0

    @property
    def passed(self) -> bool:
        """Whether every number agrees."""
        return self.worst is None or not self.worst.is_wrong


def severity(comparison: Comparison) -> tuple[bool, float]:
    """What to sort by: wrong ones last, and by their errors; what differences found to be right may be farther off."""
    return not comparison.passed, comparison.error


@dataclass(frozen=True, slots=True)
class Fault:
    """A node of a recorded step at which something is wrong; mostly a derivative rule, at the values that it met.

    `label` is the node as a reader of the log knows it, `input` the operand whose rule it is (empty where it is no rule).
    `what` says what is wrong, `difference` holds the numbers where numbers differ.
    """

    node: int
    label: str
    op: str
    input: str
    what: Message
    source: Source | None = None
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The gradients of a recorded step: each parameter against the oracle, and each rule at its own values.

    `rules` counts the rules that were run.
    """

    comparisons: tuple[Comparison, ...]
    rules: int
    faults: tuple[Fault, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and all(each.passed for each in self.comparisons)

    @property
    def worst(self) -> Comparison | None:
        """The comparison that is farthest off, or None where there is none."""
        return max(self.comparisons, key=severity, default=None)

    def as_data(self) -> dict[str, Any]:
        """Everything in types that JSON knows."""
        data = {
            "passed": self.passed,
            "comparisons": [_fields_of(each) | {"error": each.error, "passed": each.passed} for each in self.comparisons],
            "rules": self.rules,
            "faults": [_fields_of(each) for each in self.faults],
        }
        return {name: plain(value) for name, value in data.items()}


def _fields_of(found: Any) -> dict[str, Any]:
    """The fields of what was found, by name; a message stays one."""
    values = ((each.name, getattr(found, each.name)) for each in fields(found))
    return {name: _fields_of(value) if isinstance(value, (Difference, Source)) else value for name, value in values}
