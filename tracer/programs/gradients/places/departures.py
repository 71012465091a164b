"""Holds every update against the gradient, where a few of them told that they follow it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Attempt, Program
from tracer.programs.gradients.judging import MAX_OTHER, rate_of
from tracer.programs.gradients.naming import parameter_name
from tracer.programs.gradients.report import BackpropReport, Following, ParameterFinding, Verdict
from tracer.programs.gradients.truth import true_gradients

MAX_ENTRIES = 200_000
"""Entries of forward passes that are differentiated."""


def with_every_update(report: BackpropReport, program: Program, attempt: Attempt) -> BackpropReport:
    """The report with all updates that are multiples of the gradient compared: it cannot be told if some of them depart."""
    if report.verdict not in (Verdict.RIGHT, Verdict.OTHER_LOSS):
        return report
    judged, tape = attempt.judgement, program.tape
    signs = {root: np.sign(np.nanmedian(rates)) for root, rates in judged.rates.items() if root in judged.follows}
    downhill = -1 if attempt.is_maximised else 1
    departing: dict[int, list[int]] = defaultdict(list)
    compared: dict[int, int] = defaultdict(int)
    not_finite = left = entries = 0
    for number, step in enumerate(attempt.steps, 1):
        if entries > MAX_ENTRIES:
            left += len(step.updated)
            continue
        truth = true_gradients(tape, step.seeds, set(step.updated), program.cut)
        entries += len(truth.forward)
        for before, after in step.updated.items():
            root, gradient = program.updates.roots[before], truth.totals.get(before)
            if not all(each is None or np.all(np.isfinite(each)) for each in (gradient, tape.value(before), tape.value(after))):
                not_finite += 1
                continue
            compared[root] += 1
            if truth.problem or root not in judged.follows:
                continue
            rate = rate_of(tape.value(before), tape.value(after), gradient)
            if root in signs:
                departs = rate is None or np.sign(rate) == -signs[root]
            else:  # with momentum it may go uphill, but then it is no multiple of the gradient, unless it is a single number
                departs = rate is not None and np.sign(rate) == -downhill and tape.value(before).size > 1
            if departs:
                departing[root].append(number)
    for root, numbers in list(departing.items()):
        if numbers == list(range(1, len(numbers) + 1)) and len(numbers) <= MAX_OTHER * compared[root]:
            del departing[root]  # a copy that is held fixed is the parameter itself at first
    looked = attempt.gradients.looked[0]
    names = {root: parameter_name(tape, looked, root) for root in looked.before}
    unjudged = tuple(dict.fromkeys(names[root] for root in sorted(judged.through) if names[root]))
    if not departing:
        return replace(report, not_finite=not_finite, left=left, unjudged=unjudged)
    first = min(departing, key=lambda root: (departing[root][0], root))
    fields = {"name": names[first], "first": departing[first][0], "count": len(departing[first]), "updates": compared[first]}
    departs = {(names[root], tape.line(looked.after[root])) for root in departing}
    parameters = tuple(
        ParameterFinding(each.name, each.line, Following.DEPARTS) if (each.name, each.line) in departs else each
        for each in report.parameters
    )
    reason = Message("backprop_departs_sometimes", fields)
    return replace(report, verdict=Verdict.UNKNOWN, parameters=parameters, reason=reason, not_finite=not_finite, left=left)
