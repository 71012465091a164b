"""What computing a record again came to, told for a person and as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from tracer.graph import Trace
from tracer.verification import ULPS, Deviation, Verdict
from tracer.views.notation import Labels, counted, element_text, node_number, number_text

MOST = 5
"""Deviations that are told one by one."""


def verdict_lines(trace: Trace, verdict: Verdict) -> Iterator[str]:
    """The verdict, what could not be computed again and why, and each deviation."""
    for deviation in verdict.deviations[:MOST]:
        yield from _deviation_lines(trace, deviation, verdict)
    if len(verdict.deviations) > MOST:
        yield f"and in {counted(len(verdict.deviations) - MOST, 'other step')}"
    done = f"{counted(verdict.operations, 'operation')} of {counted(verdict.steps, 'step')} computed again"
    if verdict.deviations:
        yield f"wrong: {done}, in {counted(len(verdict.deviations), 'step')} a value is not what was computed"
    elif verdict.exact == verdict.operations:
        yield f"verified: {done}, bit for bit"
    else:
        far = f"{verdict.operations - verdict.exact} differ by up to {number_text(verdict.largest)} units in the last place"
        yield f"verified: {done}; {far}, of which {ULPS} are allowed"
    if not verdict.is_same_arithmetic:
        yield "the arithmetic here gives other last digits than that of the recording machine (processor, BLAS, NumPy or threads)"
    if verdict.not_kept:
        yield f"{counted(verdict.not_kept, 'operation')} not computed again: the file keeps only statistics of their values"
    if verdict.unknown:
        yield f"not known here, and so not computed again: {', '.join(sorted(verdict.unknown))}"
    if trace.unfinished:
        yield f"the record ends early: {trace.unfinished}"


def _deviation_lines(trace: Trace, deviation: Deviation, verdict: Verdict) -> Iterator[str]:
    step = trace.step(deviation.step)
    node = step.nodes[deviation.node]
    labels = Labels(step.nodes)
    source = f"  ({node.source})" if node.source else ""
    yield f"{node_number(step, node.id)} {labels.equation(node)}{source}"
    if deviation.reason:
        yield f"     {deviation.reason}"
    elif deviation.index is None:
        yield f"     it is not what step {deviation.step - 1} made of it"
    else:
        at = element_text(labels[node.id], deviation.index)
        yield f"     {at} is {deviation.recorded!r} on record, computed again {deviation.computed!r}"
        few = verdict.is_same_arithmetic and deviation.ulps <= ULPS
        hint = ": so little may come of another number of threads" if few else ""
        yield f"     {number_text(deviation.ulps)} units in the last place{hint}"


def verdict_data(trace: Trace, verdict: Verdict) -> dict[str, Any]:
    """The same as plain data."""
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
        "unknown": sorted(verdict.unknown),
        "unfinished": trace.unfinished,
        "deviations": [
            {each.name: getattr(deviation, each.name) for each in dataclasses.fields(deviation)}
            | {"label": Labels(trace.step(deviation.step).nodes)[deviation.node]}
            for deviation in verdict.deviations
        ],
    }
