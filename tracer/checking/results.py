"""Results of a gradient check, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from math import isfinite
from typing import Any

from tracer.graph.plain_values import plain
from tracer.graph.record import Source
from tracer.i18n.message import Message

TOLERANCES: Mapping[str, float] = {"float64": 1e-10, "float32": 1e-3, "float16": 1e-1, "complex64": 1e-3}
"""The tolerance for the relative error by dtype; it allows for long sums."""


def tolerance_of(dtypes: Iterable[str]) -> float:
    """The tolerance of a computation with these dtypes: that of the least precise one.

    >>> tolerance_of(["float64"]), tolerance_of(["float64", "float32", "int64"])
    (1e-10, 0.001)
    """
    return max((TOLERANCES[dtype] for dtype in dtypes if dtype in TOLERANCES), default=TOLERANCES["float64"])


class Outcome(IntEnum):
    """The outcome of a check, by severity. NOT_JUDGED: nothing is wrong, but some numbers have no reference."""

    RIGHT = 0
    NOT_JUDGED = 1
    WRONG = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """One element of a gradient, or a projection of the whole gradient (`index` is None), compared with its reference.

    `found` is the recorded number, `expected` the reference. `error` and `allowed` are relative.
    """

    index: tuple[int, ...] | None
    found: float
    expected: float
    error: float
    allowed: float

    @property
    def is_wrong(self) -> bool:
        """True unless the error is within tolerance; a NaN is not."""
        return not self.error <= self.allowed


@dataclass(frozen=True, slots=True)
class Unrated:
    """An element of a gradient that has no error: it is not finite itself, or has no reference; `reason` says which.

    `index` is None where projections of all elements have no reference, for too many elements to name them.
    """

    index: tuple[int, ...] | None
    found: float
    expected: float
    reason: Message

    @property
    def outcome(self) -> Outcome:
        """WRONG if the element is not finite, unless the derivative is the same infinity; never RIGHT."""
        no_reference = self.index is None or isfinite(self.found) or self.found == self.expected
        return Outcome.NOT_JUDGED if no_reference else Outcome.WRONG


@dataclass(frozen=True, slots=True)
class Comparison:
    """The gradient with respect to one parameter, or the Hessian-vector product (`order` 2), compared with its reference.

    `entries` of its `size` elements were compared one by one, and `projections` random projections of all elements.
    `worst` is the difference with the largest error, `method` says how the reference was computed. `unrated` are the elements
    without an error, at most MAX_UNRATED of `unrated_count`; the others are rated without them.
    """

    name: str
    shape: tuple[int, ...]
    order: int
    method: Message
    size: int
    entries: int
    projections: int
    worst: Difference | None
    unrated: tuple[Unrated, ...] = ()
    unrated_count: int = 0

    @property
    def error(self) -> float:
        """The largest relative error of the rated numbers; 0 if there are none."""
        return self.worst.error if self.worst is not None else 0.0

    @property
    def outcome(self) -> Outcome:
        """WRONG if a number is wrong or not finite, NOT_JUDGED if one has no reference, else RIGHT."""
        worst = Outcome.WRONG if self.worst is not None and self.worst.is_wrong else Outcome.RIGHT
        return max([worst, *(each.outcome for each in self.unrated)])

    @property
    def passed(self) -> bool:
        """True if every number is within tolerance."""
        return self.outcome is Outcome.RIGHT


def severity(comparison: Comparison) -> tuple[Outcome, float]:
    """Sort key: by outcome, then by error. (A comparison with finite differences may pass with a larger error.)"""
    return comparison.outcome, comparison.error


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault at a node of a recorded step: mostly a wrong derivative rule.

    `label` names the node as the log does, `input` the operand that the rule belongs to (empty if the fault is not in a rule).
    `what` describes the fault; `difference` is given if it is a wrong number.
    """

    node: int
    label: str
    op: str
    input: str
    what: Message
    source: Source | None = None
    difference: Difference | None = None

    @property
    def outcome(self) -> Outcome:
        """NOT_JUDGED if a rule has no reference at its inputs, else WRONG."""
        return Outcome.NOT_JUDGED if self.what.code == "rule_not_settled" else Outcome.WRONG

    @property
    def is_of_the_record(self) -> bool:
        """True if the recorded run differs from a run on plain arrays."""
        return self.what.code in ("plain_run_returns", "plain_run_value", "plain_run_nearby", "plain_run_slope")


@dataclass(frozen=True, slots=True)
class Check:
    """The result of checking a recorded step: a comparison for each parameter, and the faults of single rules.

    `rules` counts the rules that were run. `notes` says what could not be compared, where that is no fault.
    """

    comparisons: tuple[Comparison, ...]
    rules: int
    faults: tuple[Fault, ...]
    notes: tuple[Message, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of the comparisons and faults."""
        compared = [each.outcome for each in self.comparisons]
        return max([Outcome.RIGHT, *compared, *(each.outcome for each in self.faults)])

    @property
    def passed(self) -> bool:
        """True if all comparisons passed and there are no faults."""
        return self.outcome is Outcome.RIGHT

    @property
    def worst(self) -> Comparison | None:
        """The comparison with the highest severity; None if there are no comparisons."""
        return max(self.comparisons, key=severity, default=None)

    def as_data(self) -> dict[str, Any]:
        """Everything as JSON types. Infinities and NaN are strings."""
        data = {
            "passed": self.passed,
            "outcome": self.outcome.name.lower(),
            "comparisons": [
                _fields_of(each) | {"error": each.error, "passed": each.passed, "outcome": each.outcome.name.lower()}
                for each in self.comparisons
            ],
            "rules": self.rules,
            "faults": [_fields_of(each) for each in self.faults],
            "notes": list(self.notes),
        }
        return {name: plain(value) for name, value in data.items()}


def _fields_of(result: Any) -> dict[str, Any]:
    """The fields of a result by name; a message stays one."""
    values = ((each.name, getattr(result, each.name)) for each in fields(result))
    return {name: _nested(value) for name, value in values}


def _nested(value: Any) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], Unrated):
        return [_fields_of(each) for each in value]
    return _fields_of(value) if isinstance(value, (Difference, Source)) else value
