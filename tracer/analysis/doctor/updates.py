"""Rules on updates: too large or too small for the weights, parameters that never move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tracer.analysis.doctor.findings import Finding, Unseen
from tracer.analysis.doctor.reading import Parameter, Run, median, numbers_of
from tracer.i18n.message import Message

LARGE_RATIO = 1.0
"""The length of an update relative to that of the weights. SageMaker Debugger's WeightUpdateRatio has 10, CS231n some 1e-3."""

SMALL_RATIO = 1e-8
"""The same, for updates that are next to nothing (SageMaker Debugger, WeightUpdateRatio: small_threshold)."""

MIN_STEPS = 3
"""Steps in which a parameter does not move, or an update is too large (SageMaker Debugger, UnchangedTensor: num_steps)."""


def ratio(run: Run) -> Iterator[Finding | Unseen]:
    """Updates that are as large as the weights, or next to nothing beside them."""
    unknown = []
    for parameter in run.parameters:
        starts_at_zero = parameter[0].node.summary.l2 == 0
        if starts_at_zero or not any(each.new is not None for each in parameter):
            continue
        ratios = _ratios(parameter)
        if ratios is None:
            unknown.append(parameter[0].node.name)
            continue
        if len(ratios) < MIN_STEPS or parameter[0].node.size < 2:
            continue
        middle = median(ratios)
        name, new = parameter[0].node.name, parameter[-1].new
        numbers = {"ratio": middle, "smallest": min(ratios), "largest": max(ratios), "steps": len(ratios)}
        fields = {"name": name, "ratio": f"{middle:.2g}"}
        at = run.steps[-1].index, None if new is None else new.id
        if middle > LARGE_RATIO:
            yield Finding(Message("doctor_large_update", fields), Message("advice_large_update"), numbers, *at)
        elif 0 < middle < SMALL_RATIO:
            yield Finding(Message("doctor_small_update", fields), Message("advice_small_update"), numbers, *at)
    if unknown:
        names = ", ".join(unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        yield Unseen(Message("rule_updates"), Message("unseen_values", {"names": names}))


def never_moves(run: Run) -> Iterator[Finding | Unseen]:
    """A parameter that has a gradient and stays as it is: updates leave it out, or change nothing."""
    if not run.trains:
        return
    for parameter in run.parameters:
        gradients = [each.gradient for each in parameter if each.gradient is not None]
        if not any(each.summary.zeros < each.summary.count for each in gradients):
            continue  # no gradient, or one that is 0: another rule
        node = parameter[0].node
        numbers: dict[str, float] = {"steps": len(parameter), "gradient": gradients[0].summary.l2}
        fields = {"name": node.name, "steps": len(parameter), "size": f"{gradients[0].summary.l2:.3g}"}
        at = run.steps[0].index, node.id
        if all(each.new is None for each in parameter):
            advice = Message("advice_left_out", {"name": node.name})
            yield Finding(Message("doctor_left_out", fields), advice, numbers, *at)
        elif len(parameter) >= MIN_STEPS and all(_is_same(each) for each in parameter):
            yield Finding(Message("doctor_never_moves", fields), Message("advice_never_moves"), numbers, *at)


def _is_same(parameter: Parameter) -> bool:
    """Whether an update leaves every element as it is; where values are missing, their statistics differ if any does."""
    if parameter.new is None:
        return True
    before, after = numbers_of(parameter.node), numbers_of(parameter.new)
    return before is not None and after is not None and np.array_equal(before, after)


def _ratios(parameter: Sequence[Parameter]) -> list[float] | None:
    """The length of each update relative to that of the weights, where these are not 0; None if values are missing."""
    found = []
    for each in parameter:
        before, after = numbers_of(each.node), None if each.new is None else numbers_of(each.new)
        if each.new is None:
            continue
        if before is None or after is None or before.shape != after.shape:
            return None
        size = float(np.linalg.norm(before))
        if size > 0:
            found.append(float(np.linalg.norm(after - before)) / size)
    return found
