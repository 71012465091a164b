"""What was found about the gradients of recorded steps that another library computed: plain data, without arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tracer.i18n.message import Message


class Verdict(StrEnum):
    """What is said of a gradient. CHANGED: the program replaces it on purpose; STOPPED: it stops it on every way to the loss."""

    RIGHT = "right"
    CHANGED = "changed by the program"
    STOPPED = "no gradient"
    UNKNOWN = "cannot tell"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Element:
    """A number of a gradient, and what it is to be by differences. `index` is empty for a gradient of one number."""

    index: tuple[int, ...]
    found: float
    expected: float


@dataclass(frozen=True, slots=True)
class ParameterGradient:
    """The gradient of a parameter in a step, held against differences of the loss.

    `elements` of its `size` numbers were held one by one, and `sums` random sums over all of them. `error` is the largest,
    relative to the largest number; None if there is none. `element` is the one that is off most.
    """

    step: int
    name: str
    shape: tuple[int, ...]
    size: int
    verdict: Verdict
    elements: int = 0
    sums: int = 0
    error: float | None = None
    allowed: float = 0.0
    element: Element | None = None
    reason: Message | None = None


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """What is not right, or cannot be told, of what one operation gives back to a value.

    `rule` is the operation, or the Function with the line of its backward pass; `value` the value whose gradient it is; `place`
    the line that computed the result, or is empty.
    """

    step: int
    verdict: Verdict
    rule: str
    value: str
    place: str
    reason: Message
    element: Element | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What the program does to gradients itself: a line, and what it does there."""

    place: str
    what: Message


@dataclass(frozen=True, slots=True)
class StepGradients:
    """What was found about some steps: of `rules`, each with the gradients that arrived at it, `by_differences` were also held
    against differences of what the operation computes.
    """

    steps: int
    parameters: tuple[ParameterGradient, ...] = ()
    rules: int = 0
    by_differences: int = 0
    findings: tuple[RuleFinding, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict on all: WRONG if something is, UNKNOWN if something cannot be told, else RIGHT."""
        found = {*(each.verdict for each in self.parameters), *(each.verdict for each in self.findings)}
        return next((each for each in (Verdict.WRONG, Verdict.UNKNOWN) if each in found), Verdict.RIGHT)


def as_data(found: StepGradients) -> dict[str, Any]:
    """The report as plain data, for JSON."""
    return {
        "verdict": str(found.verdict),
        "steps": found.steps,
        "parameters": [
            {
                "step": each.step,
                "name": each.name,
                "shape": list(each.shape),
                "verdict": str(each.verdict),
                "elements": each.elements,
                "sums": each.sums,
                "error": each.error,
                **_element(each.element),
                "reason": None if each.reason is None else str(each.reason),
            }
            for each in found.parameters
        ],
        "rules": found.rules,
        "by_differences": found.by_differences,
        "findings": [
            {
                "step": each.step,
                "verdict": str(each.verdict),
                "rule": each.rule,
                "value": each.value,
                "place": each.place,
                "reason": str(each.reason),
                **_element(each.element),
            }
            for each in found.findings
        ],
        "notes": [{"place": each.place, "what": str(each.what)} for each in found.notes],
        "kind": "gradients",
    }


def _element(element: Element | None) -> dict[str, Any]:
    if element is None:
        return {}
    return {"index": list(element.index), "found": element.found, "expected": element.expected}
