"""Holds every update against the gradient, where a few of them told that they follow it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

import numpy as np

from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Attempt, Program
from tracer.programs.gradients.judging import MAX_OTHER, rate_of
from tracer.programs.gradients.naming import parameter_name
from tracer.programs.gradients.report import BackpropReport, Following, ParameterFinding, Verdict
from tracer.programs.gradients.truth import true_gradients

MAX_ENTRIES = 200_000
"""Entries of forward passes that are differentiated."""


@dataclass(slots=True)
class _Compared:
    """How many updates of each parameter were compared, by its first value, and the numbers of those that depart, from 1.

    `not_finite` have numbers that are NaN or infinite, `left` were not looked at.
    """

    counts: Counter[int] = field(default_factory=Counter)
    departing: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    not_finite: int = 0
    left: int = 0


def with_every_update(report: BackpropReport, program: Program, attempt: Attempt) -> BackpropReport:
    """The report with all updates that are multiples of the gradient compared: it cannot be told if some of them depart."""
    if report.verdict not in (Verdict.RIGHT, Verdict.OTHER_LOSS):
        return report
    tape, looked, found = program.tape, attempt.gradients.looked[0], _compared(program, attempt)
    names = {root: parameter_name(tape, looked, root) for root in looked.before}
    report = replace(report, not_finite=found.not_finite, left=found.left)
    if not found.departing:
        through = (names[root] for root in sorted(attempt.judgement.through))
        return replace(report, unjudged=tuple(dict.fromkeys(filter(None, through))))
    first = min(found.departing, key=lambda root: (found.departing[root][0], root))
    numbers = found.departing[first]
    fields = {"name": names[first], "first": numbers[0], "count": len(numbers), "updates": found.counts[first]}
    departs = {(names[root], tape.line(looked.after[root])) for root in found.departing}
    parameters = tuple(
        ParameterFinding(each.name, each.line, Following.DEPARTS) if (each.name, each.line) in departs else each
        for each in report.parameters
    )
    reason = Message("backprop_departs_sometimes", fields)
    return replace(report, verdict=Verdict.UNKNOWN, parameters=parameters, reason=reason)


def _compared(program: Program, attempt: Attempt) -> _Compared:
    """Hold each update of all steps against the true gradient, as far as there is time."""
    judged, tape, found, entries = attempt.judgement, program.tape, _Compared(), 0
    for number, step in enumerate(attempt.steps, 1):
        if entries > MAX_ENTRIES:
            found.left += len(step.updated)
            continue
        truth = true_gradients(tape, step.seeds, set(step.updated), program.cut)
        entries += len(truth.forward)
        for before, after in step.updated.items():
            root, arrays = program.updates.roots[before], (tape.value(before), tape.value(after), truth.totals.get(before))
            if not all(each is None or np.all(np.isfinite(each)) for each in arrays):
                found.not_finite += 1
                continue
            found.counts[root] += 1
            if not truth.problem and root in judged.follows and _departs(attempt, root, *arrays):
                found.departing[root].append(number)
    for root, numbers in list(found.departing.items()):
        if numbers == list(range(1, len(numbers) + 1)) and len(numbers) <= MAX_OTHER * found.counts[root]:
            del found.departing[root]  # a copy that is held fixed is the parameter itself at first
    return found


def _departs(attempt: Attempt, root: int, before: np.ndarray, after: np.ndarray, gradient: np.ndarray | None) -> bool:
    """Whether an update is no multiple of the gradient, though others of the parameter are, or goes the other way."""
    rate, rates = rate_of(before, after, gradient), attempt.judgement.rates.get(root)
    if rates is not None:
        return rate is None or bool(np.sign(rate) == -np.sign(np.nanmedian(rates)))
    # With momentum it may go uphill, but then it is no multiple of the gradient, unless it is a single number.
    downhill = -1 if attempt.is_maximised else 1
    return rate is not None and bool(np.sign(rate) == -downhill) and before.size > 1
