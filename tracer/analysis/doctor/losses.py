"""Rules on the loss: not a number, not falling, oscillating."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracer.analysis.blame import first_culprit
from tracer.analysis.doctor.findings import Finding, Unseen
from tracer.analysis.doctor.reading import Run, label
from tracer.i18n.message import Message

MIN_STEPS = 10
"""Steps from which it is told whether a loss falls (SageMaker Debugger, LossNotDecreasing: num_steps)."""

MIN_FALL = 0.001
"""The least part of itself by which the loss has to fall (SageMaker Debugger, LossNotDecreasing: diff_percent of 0.1)."""

MAX_NOISE = 0.05
"""The standard error of the fall of a loss, as a part of the loss, from which chance is too large where batches differ."""

SWING = 0.03
"""The least part of itself by which a loss swings (AutoTrainer: zeta)."""

SWING_RATE = 0.2
"""The part of all steps in which it swings (AutoTrainer: eta)."""


def not_finite(run: Run) -> Iterator[Finding | Unseen]:
    """A loss, a gradient or an update that is NaN or infinite."""
    found = first_culprit(run.trace)
    if found is None:
        return
    node, result = found.node, found.result
    summary = node.summary
    fields = {"name": label(node), "result": label(result), "step": found.step.index}
    numbers = {"nans": summary.nans, "infinities": summary.infinities, "count": summary.count}
    yield Finding(Message("doctor_not_finite", fields), Message("advice_not_finite"), numbers, found.step.index, node.id)


def not_falling(run: Run) -> Iterator[Finding | Unseen]:
    """A loss that is about as high at the end as at the start."""
    what = Message("rule_not_falling")
    if not run.trains:
        return
    if run.has_several_losses or run.is_maximised:
        yield Unseen(what, Message("unseen_several_losses") if run.has_several_losses else Message("unseen_maximised"))
        return
    if len(run.losses) < MIN_STEPS:
        yield Unseen(what, Message("unseen_few_steps", {"count": len(run.losses), "least": MIN_STEPS}))
        return
    trend = run.trend
    fall = trend.first - trend.last
    if fall > max(MIN_FALL * abs(trend.first), 2 * trend.error) or max(map(abs, run.losses)) == 0:
        return
    if trend.error > MAX_NOISE * abs(trend.first):
        yield Unseen(what, Message("unseen_noise"))
        return
    if fall > MIN_FALL * abs(trend.first):
        return
    fields = {"first": f"{trend.first:.4g}", "last": f"{trend.last:.4g}", "steps": len(run.losses)}
    numbers = {"first": trend.first, "last": trend.last, "lowest": min(run.losses), "steps": len(run.losses)}
    yield Finding(Message("doctor_not_falling", fields), Message("advice_not_falling"), numbers)


def oscillating(run: Run) -> Iterator[Finding | Unseen]:
    """A loss that goes up and down though every step has the same data."""
    if not run.trains or run.has_several_losses or len(run.losses) < MIN_STEPS:
        return
    what = Message("rule_oscillating")
    losses = np.asarray(run.losses)
    if not run.has_same_data:
        epochs = _epoch_means(run)
        if epochs is None or len(epochs) < MIN_STEPS:
            yield Unseen(what, Message("unseen_batches"))
            return
        losses = epochs
    swings = 0
    for before, here, after in zip(losses, losses[1:], losses[2:], strict=False):
        turns = (here - before) * (after - here) < 0
        swings += bool(turns and min(abs(here - before), abs(after - here)) >= SWING * abs(here))
    if swings < SWING_RATE * len(losses):
        return
    found = Message("doctor_oscillating", {"swings": swings, "steps": len(losses), "size": f"{SWING:.0%}"})
    if not run.has_same_data:
        found = Message("doctor_oscillating_epochs", {"swings": swings, "epochs": len(losses), "size": f"{SWING:.0%}"})
    numbers = {"swings": swings, "steps": len(losses), "lowest": float(losses.min()), "highest": float(losses.max())}
    yield Finding(found, Message("advice_oscillating"), numbers)


def _epoch_means(run: Run) -> np.ndarray | None:
    """The mean loss of each epoch; None if the run has none."""
    by_epoch: dict[int, list[float]] = {}
    for row, loss in zip(run.trace.metrics, run.losses, strict=False):
        epoch = row.get("epoch")
        if not isinstance(epoch, int):
            return None
        by_epoch.setdefault(epoch, []).append(loss)
    return np.asarray([np.mean(each) for each in by_epoch.values()])
