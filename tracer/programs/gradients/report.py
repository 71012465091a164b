"""What was found about the hand-written gradients of a program: plain data, without arrays."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tracer.i18n.message import Message


class Verdict(StrEnum):
    """What is said of a program as a whole."""

    RIGHT = "right"
    OTHER_LOSS = "right for another loss"
    WRONG = "wrong"
    UNKNOWN = "cannot tell"


class Following(StrEnum):
    """What is said of the updates of one parameter."""

    FOLLOWS = "follows"
    DEPARTS = "does not follow"
    FIXED = "not updated"
    UNKNOWN = "cannot tell"


class LossKind(StrEnum):
    """A loss that the program computes, or one that a residual in its backward pass implies."""

    COMPUTED = "computed"
    SQUARED_ERROR = "squared error"
    CROSS_ENTROPY = "cross-entropy"


@dataclass(frozen=True, slots=True)
class Measure:
    """The loss that updates are held against, and the line that computes it; for an implied one, the residual and its line."""

    name: str
    line: int
    kind: LossKind = LossKind.COMPUTED


@dataclass(frozen=True, slots=True)
class ParameterFinding:
    """A parameter, the line of its first update (0: none), and whether its updates follow its gradient.

    Of one that is not updated, `has_gradient` says whether the program computes its gradient all the same.
    """

    name: str
    line: int
    following: Following
    has_gradient: bool = False


@dataclass(frozen=True, slots=True)
class Trusted:
    """A value that a wrong statement uses, and that is right: the gradient of `of`, or its part `through` a value."""

    name: str
    line: int
    of: str
    through: str = ""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A statement in place of those lines of the program."""

    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """An edit of a statement that makes it equal to the true gradient: what is edited, and the edited statement, or "".

    The program was run with the edited statement in place of the `lines`, first and last, and its gradient is right then.
    """

    edit: Message
    statement: str = ""
    lines: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Fault:
    """A statement that goes wrong on its own: its inputs are right, and its result is not.

    `proposals` are statements with which it may be right; none of them was tried.
    """

    line: int
    statement: str
    reason: Message
    trusted: tuple[Trusted, ...] = ()
    repair: Repair | None = None
    parameters: tuple[str, ...] = ()
    proposals: tuple[Replacement, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Scale:
    """What all gradients that a program computes have in common.

    `factor` is what they are of the true ones: a factor common to all is no fault. `averaged` is the number of values that the
    loss averages over, if that is the factor and nothing divides the gradients by it, and `line` that of the mean; `is_step` if
    updates are a learning rate times the gradient. `rate` is what updates subtract of the true gradients, if the factor is not
    known; else 0.
    """

    factor: float = 1.0
    rate: float = 0.0
    averaged: int = 0
    line: int = 0
    is_step: bool = False


@dataclass(frozen=True, slots=True)
class BackpropReport:
    """The verdict on a program, and what it rests on.

    `loss` is the measure; `other_loss` the one that updates follow instead. `updates` is how many there are, `not_finite` how
    many of them have numbers that are NaN or infinite, `left` how many were not looked at. `unjudged` are the parameters whose
    updates are made of the gradient, but are no multiples of it. `reason` says why it cannot be told.
    """

    verdict: Verdict
    loss: Measure | None = None
    other_loss: Measure | None = None
    parameters: tuple[ParameterFinding, ...] = ()
    updates: int = 0
    faults: tuple[Fault, ...] = ()
    scale: Scale = Scale()
    reason: Message | None = None
    not_finite: int = 0
    left: int = 0
    unjudged: tuple[str, ...] = ()

    def __str__(self) -> str:
        # Imported by name: texts are in a layer above.
        return "\n".join(importlib.import_module("tracer.views.text.backprop").backprop_lines(self))

    @property
    def line(self) -> int | None:
        """The line of the first wrong statement; None if there is none."""
        return self.faults[0].line if self.faults else None

    @property
    def lines(self) -> Sequence[int]:
        """The lines of all statements that go wrong on their own."""
        return sorted({fault.line for fault in self.faults})


def verdict_message(report: BackpropReport) -> Message:
    """What is said of a program as a whole, for the record."""
    if report.verdict is Verdict.RIGHT:
        return Message("program_check_right", {"updates": report.updates})
    if report.verdict is Verdict.OTHER_LOSS:
        return Message("program_check_other_loss", {"updates": report.updates})
    if report.verdict is Verdict.WRONG and report.faults:
        fault = report.faults[0]
        return Message("program_check_wrong", {"line": fault.line, "statement": fault.statement})
    if report.reason is None:
        return Message("program_check_departs")
    return Message("program_check_unknown", {"reason": report.reason})


def as_data(report: BackpropReport) -> dict[str, Any]:
    """The report as plain data, for JSON."""
    first = report.faults[0] if report.faults else None
    reason = first.reason if first is not None else report.reason
    repair = first.repair if first is not None else None
    return {
        "verdict": str(report.verdict),
        "line": report.line,
        "lines": list(report.lines),
        "reason": "" if reason is None else str(reason),
        "repair": None if repair is None else repair.statement or str(repair.edit),
        "parameters": [
            {"name": each.name, "line": each.line or None, "verdict": str(each.following)} for each in report.parameters
        ],
        "updates": report.updates,
        "not_judged": {"not_finite": report.not_finite, "left": report.left, "use_of_gradient": list(report.unjudged)},
        "kind": "program",
    }
