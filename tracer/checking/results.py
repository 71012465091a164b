"""Results of a gradient check, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from tracer.graph.plain_values import plain
from tracer.graph.record import Source
from tracer.i18n.message import Message

TOLERANCES: Mapping[str, float] = {"float64": 1e-10, "float32": 1e-3, "float16": 1e-1}
"""The tolerance for the relative error by dtype; it allows for long sums."""


def tolerance_of(dtypes: Iterable[str]) -> float:
    """The tolerance of a computation with these dtypes: that of the least precise one.

    >>> tolerance_of(["float64"]), tolerance_of(["float64", "float32", "int64"])
    (1e-10, 0.001)
    """
    return max((TOLERANCES[dtype] for dtype in dtypes if dtype in TOLERANCES), default=TOLERANCES["float64"])


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
        """True if the error exceeds the allowed one."""
        return self.error > self.allowed


@dataclass(frozen=True, slots=True)
class Comparison:
    """The gradient with respect to one parameter, or the Hessian-vector product (`order` 2), compared with its reference.

    `entries` of its `size` elements were compared one by one, and `projections` random projections of all elements.
    `worst` is the difference with the largest error, `method` says how the reference was computed.
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
        """The largest relative error; 0 for an empty parameter."""
        return self.worst.error if self.worst is not None else 0.0

    @property
    def passed(self) -> bool:
        """True if every compared number is within tolerance."""
        return self.worst is None or not self.worst.is_wrong


def severity(comparison: Comparison) -> tuple[bool, float]:
    """Sort key: failed comparisons last, then by error. (A comparison with finite differences may pass with a larger error.)"""
    return not comparison.passed, comparison.error


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


@dataclass(frozen=True, slots=True)
class Check:
    """The result of checking a recorded step: a comparison for each parameter, and the faults of single rules.

    `rules` counts the rules that were run.
    """

    comparisons: tuple[Comparison, ...]
    rules: int
    faults: tuple[Fault, ...]

    @property
    def passed(self) -> bool:
        """True if all comparisons passed and there are no faults."""
        return not self.faults and all(each.passed for each in self.comparisons)

    @property
    def worst(self) -> Comparison | None:
        """The comparison with the highest severity; None if there are no comparisons."""
        return max(self.comparisons, key=severity, default=None)

    def as_data(self) -> dict[str, Any]:
        """Everything as JSON types. Infinities and NaN are strings."""
        data = {
            "passed": self.passed,
            "comparisons": [_fields_of(each) | {"error": each.error, "passed": each.passed} for each in self.comparisons],
            "rules": self.rules,
            "faults": [_fields_of(each) for each in self.faults],
        }
        return {name: plain(value) for name, value in data.items()}


def _fields_of(result: Any) -> dict[str, Any]:
    """The fields of a result by name; a message stays one."""
    values = ((each.name, getattr(result, each.name)) for each in fields(result))
    return {name: _fields_of(value) if isinstance(value, (Difference, Source)) else value for name, value in values}
