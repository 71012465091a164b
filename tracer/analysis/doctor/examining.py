"""Applies all rules to a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tracer.analysis.doctor import activations, classes, gradients, inputs, losses, updates
from tracer.analysis.doctor.findings import Diagnosis, Finding, Unseen
from tracer.analysis.doctor.reading import Run
from tracer.graph.record import Trace

Rule = Callable[[Run], Iterator[Finding | Unseen]]

RULES: tuple[Rule, ...] = (
    losses.not_finite,
    losses.not_falling,
    losses.oscillating,
    classes.initial_loss,
    gradients.wrong,
    gradients.vanishing,
    gradients.exploding,
    gradients.zero,
    updates.ratio,
    updates.never_moves,
    activations.dead,
    activations.saturated,
    inputs.unscaled,
    classes.imbalance,
)
"""In the order of their findings."""


def examine(trace: Trace) -> Diagnosis:
    """What the rules find in a run. Nothing is computed again, and no code of the run is executed."""
    run = Run(trace)
    findings: list[Finding] = []
    unseen: list[Unseen] = []
    with np.errstate(all="ignore"):  # numbers that overflowed in the run
        for rule in RULES:
            if not run.steps and rule is not losses.not_finite:
                continue
            for each in rule(run):
                if isinstance(each, Finding):
                    findings.append(each)
                else:
                    unseen.append(each)
    sizes = {step: len(trace.step(step).nodes) for step in {each.step for each in findings} if step is not None}
    return Diagnosis(tuple(findings), tuple(unseen), len(trace.steps), tuple(step.index for step in run.steps), sizes)
