"""Rules on activations: units that are dead, layers that are saturated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracer.analysis.doctor.findings import Finding, Unseen
from tracer.analysis.doctor.operations import hidden, is_relu, is_sigmoid, is_tanh, unit_axis
from tracer.analysis.doctor.reading import Run, forward_nodes, label, numbers_of
from tracer.graph.record import Node, Step
from tracer.i18n.message import Message

MAX_DEAD = 0.5
"""The part of a layer's units that may be dead (SageMaker Debugger, DeadRelu: threshold_layer of 50)."""

MIN_ACTIVE = 0.01
"""The part of all samples for which a unit has to be active (SageMaker Debugger, DeadRelu: threshold_inactivity of 1)."""

MIN_SAMPLES = 20
"""Samples from which it is told whether a unit is dead."""

SATURATED_TANH = 0.97
"""The size of tanh from which an element is saturated (Karpathy, "Building makemore", part 3)."""

SATURATED_SIGMOID = 0.985
"""The same for the logistic function, which is tanh of half of its input: above it, or below 1 minus it."""

MAX_SATURATED = 0.5
"""The part of a layer's elements that may be saturated (SageMaker Debugger, SaturatedActivation: threshold_layer of 50)."""


def dead(run: Run) -> Iterator[Finding | Unseen]:
    """Layers of which most units are 0 for almost all samples, in the second half of the steps that are looked at."""
    late = run.steps[len(run.steps) // 2 :]
    if not late:
        return
    last, unknown = late[-1], []
    for node in _activations(last, relus=True):
        shares = [_active_share(step, node) for step in late]
        known = [each for each in shares if each is not None]
        if len(known) < len(shares) or not known:
            unknown.append(label(node))
            continue
        samples = sum(count for _, count in known)
        active = np.sum([share * count for share, count in known], axis=0) / samples
        count = int(np.count_nonzero(active < MIN_ACTIVE))
        if samples < MIN_SAMPLES or count <= MAX_DEAD * active.size:
            continue
        fields = {
            "name": label(node), "dead": count, "units": active.size, "samples": samples, "share": f"{1 - MIN_ACTIVE:.0%}",
        }  # fmt: skip
        numbers = {"dead": count, "units": active.size, "samples": samples}
        yield Finding(Message("doctor_dead", fields), Message("advice_dead"), numbers, last.index, node.id)
    if unknown:
        names = ", ".join(unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        yield Unseen(Message("rule_dead"), Message("unseen_units", {"names": names}))


def saturated(run: Run) -> Iterator[Finding | Unseen]:
    """Hidden layers of tanh or of the logistic function of which most elements are where it is flat."""
    unknown = []
    for step in run.steps[-1:]:
        for node in _activations(step, relus=False):
            value = numbers_of(node)
            if value is None:
                unknown.append(label(node))
                continue
            flat = np.abs(value) > SATURATED_TANH if is_tanh(node) else np.abs(value - 0.5) > SATURATED_SIGMOID - 0.5
            share = float(np.mean(flat)) if value.size else 0.0
            if share > MAX_SATURATED:
                limit = f"|tanh| > {SATURATED_TANH}" if is_tanh(node) else f"> {SATURATED_SIGMOID}, < {1 - SATURATED_SIGMOID:.3g}"
                flatness = {"name": label(node), "share": f"{share:.0%}", "limit": limit}
                numbers = {"share": share, "elements": value.size}
                yield Finding(Message("doctor_saturated", flatness), Message("advice_saturated"), numbers, step.index, node.id)
    if unknown:
        yield Unseen(Message("rule_saturated"), Message("unseen_values", {"names": ", ".join(unknown[:3])}))


def _activations(step: Step, *, relus: bool) -> Iterator[Node]:
    """The activations of hidden layers."""
    inside = hidden(step)
    for node in forward_nodes(step):
        if node.id in inside and node.size > 1:
            is_wanted = is_relu(step, node) if relus else is_tanh(node) or is_sigmoid(step, node)
            if is_wanted:
                yield node


def _active_share(step: Step, like: Node) -> tuple[np.ndarray, int] | None:
    """For each unit of a layer, the part of the samples for which it is not 0, and how many these are; None if unknown."""
    if like.id >= len(step.nodes) or step.nodes[like.id].op != like.op:
        return None
    node = step.nodes[like.id]
    axis = unit_axis(step, node)
    if axis is None:
        return None
    samples = node.size // node.shape[axis] if node.shape[axis] else 0
    if node.summary.zeros == node.summary.count:
        return np.zeros(node.shape[axis]), samples
    value = numbers_of(node)
    if value is None or not samples:
        return None
    others = tuple(each for each in range(value.ndim) if each != axis)
    return np.mean(value != 0, axis=others), samples
