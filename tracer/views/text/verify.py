"""Renders a verification report as text or JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from tracer.analysis.verify import ULPS, Deviation, Verification
from tracer.graph.missing import combined
from tracer.graph.record import Trace
from tracer.i18n.language import ENGLISH, Language
from tracer.views.node_data import message_data
from tracer.views.notation import Labels, node_number, number_text, reasons_text

MAX_DEVIATIONS = 5
"""Maximum number of deviations listed."""

INDENT = " " * 5
"""Indentation of the lines below a node."""


def verdict_lines(trace: Trace, verdict: Verification, tell: Language = ENGLISH) -> Iterator[str]:
    """The deviations, the verdict, and what could not be recomputed and why."""
    for deviation in verdict.deviations[:MAX_DEVIATIONS]:
        yield from _deviation_lines(trace, deviation, verdict, tell)
    if len(verdict.deviations) > MAX_DEVIATIONS:
        yield tell("and in {steps}", steps=tell.count(len(verdict.deviations) - MAX_DEVIATIONS, "other step"))
    operations, steps = tell.count(verdict.operations, "operation"), tell.count(verdict.steps, "step")
    done = tell("{operations} of {steps} computed again", operations=operations, steps=steps)
    if verdict.deviations:
        wrong = tell.count(len(verdict.deviations), "step")
        yield tell("wrong: {done}, in {steps} a value is not what was computed", done=done, steps=wrong)
    elif verdict.exact == verdict.operations:
        yield tell("verified: {done}, bit for bit", done=done)
    else:
        yield tell(
            "verified: {done}; {count} differ by up to {largest} units in the last place, of which {allowed} are allowed",
            done=done,
            count=verdict.operations - verdict.exact,
            largest=number_text(verdict.largest),
            allowed=ULPS,
        )
    if not verdict.is_same_arithmetic:
        yield tell(
            "the arithmetic here gives other last digits than that of the recording machine (processor, BLAS, NumPy or threads)"
        )
    if verdict.not_kept:
        operations = tell.count(verdict.not_kept, "operation")
        yield tell(
            "{operations} not computed again: the file keeps only statistics of their values ({reason})",
            operations=operations,
            reason=reasons_text(verdict.why_missing, tell),
        )
    if verdict.unknown:
        yield tell("not known here, and so not computed again: {names}", names=", ".join(sorted(verdict.unknown)))
    if verdict.undetermined:
        undetermined = ", ".join(sorted(verdict.undetermined))
        yield tell("not computed again, as their inputs do not determine their values: {names}", names=undetermined)
    for library, names in sorted(verdict.uninstalled.items()):
        yield tell("not computed again, as they need {library}: {names}", library=library, names=", ".join(sorted(names)))
    if trace.unfinished:
        yield tell("the record ends early: {reason}", reason=tell.message(trace.unfinished))


def _deviation_lines(trace: Trace, deviation: Deviation, verdict: Verification, tell: Language) -> Iterator[str]:
    step = trace.step(deviation.step)
    node = step.nodes[deviation.node]
    labels = Labels(step.nodes)
    source = f"  ({node.source})" if node.source else ""
    yield f"{node_number(step, node.id)} {labels.equation(node)}{source}"
    if deviation.reason:
        yield INDENT + tell.message(deviation.reason)
    elif deviation.index is None:
        yield INDENT + tell("it is not what step {step} made of it", step=deviation.step - 1)
    else:
        yield INDENT + tell(
            "{element} is {recorded} on record, computed again {computed}",
            element=labels.element(node.id, deviation.index),
            recorded=repr(deviation.recorded),
            computed=repr(deviation.computed),
        )
        is_small = verdict.is_same_arithmetic and deviation.ulps <= ULPS
        hint = tell(": so little may come of another number of threads") if is_small else ""
        yield INDENT + tell("{count} units in the last place", count=number_text(deviation.ulps)) + hint


def verdict_data(trace: Trace, verdict: Verification) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "verified": verdict.passed,
        "bit_for_bit": verdict.exact == verdict.operations,
        "same_arithmetic": verdict.is_same_arithmetic,
        "allowed_ulps": 0 if verdict.is_same_arithmetic else ULPS,
        "largest_ulps": verdict.largest,
        "steps": verdict.steps,
        "operations": verdict.operations,
        "exact": verdict.exact,
        "not_kept": verdict.not_kept,
        "why_missing": [message_data(each) for each in combined(verdict.why_missing)],
        "unknown": sorted(verdict.unknown),
        "uninstalled": {library: sorted(names) for library, names in sorted(verdict.uninstalled.items())},
        "undetermined": sorted(verdict.undetermined),
        "unfinished": str(trace.unfinished or ""),
        "deviations": [
            {each.name: getattr(deviation, each.name) for each in dataclasses.fields(deviation)}
            | {"reason": str(deviation.reason or ""), "label": Labels(trace.step(deviation.step).nodes)[deviation.node]}
            for deviation in verdict.deviations
        ],
    }
