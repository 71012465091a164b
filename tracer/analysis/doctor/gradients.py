"""Rules on gradients: wrong ones, vanishing and exploding ones by layer, and those that are exactly 0."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from tracer.analysis.doctor.findings import Finding, Unseen
from tracer.analysis.doctor.reading import Parameter, Run, median
from tracer.graph.record import Node
from tracer.graph.record_methods import is_wrong
from tracer.i18n.message import Message

VANISHING_RATIO = 1e-3
"""The length of the first layer's gradient relative to the last layer's (AutoTrainer: beta_1)."""

VANISHING_NORM = 1e-4
"""The length of the first layer's gradient (AutoTrainer: beta_2)."""

VANISHING_MEAN = 1e-7
"""The size of the elements of a gradient (SageMaker Debugger, VanishingGradient: threshold)."""

EXPLODING_RATIO = 70
"""The length of the first layer's gradient relative to the last layer's (AutoTrainer: beta_3)."""

EXPLODING_GROWTH = 100
"""How many times as long a gradient is at the end as at the start, where the loss rises."""


Weights: TypeAlias = Sequence[tuple[Sequence[Parameter], Sequence[float]]]
"""Matrices of weights in the order of their use, each with the lengths of its gradient in the steps."""


def wrong(run: Run) -> Iterator[Finding | Unseen]:
    """Gradients that were found wrong at the end of the run; those of a program's own that were not judged."""
    verdict = run.trace.verdict
    if is_wrong(verdict):
        yield Finding(Message("doctor_wrong_gradient", {"verdict": verdict}), Message("advice_wrong_gradient"))
        return
    if verdict is None and any(step.own_gradients for step in run.steps):
        yield Unseen(Message("rule_wrong_gradient"), Message("unseen_unchecked"))
    elif verdict is not None and verdict.code == "program_check_unknown" and isinstance(why := verdict.fields["reason"], Message):
        yield Unseen(Message("rule_wrong_gradient"), why)


def vanishing(run: Run) -> Iterator[Finding | Unseen]:
    """A first layer whose gradient is far smaller than that of the last one; a gradient that is next to nothing throughout."""
    weights = _weights(run)
    told = ""
    if len(weights) > 1:
        (first, ones), (last, others) = weights[0], weights[-1]
        norm, ratio = median(ones), _middle_ratio(ones, others)
        if 0 < ratio < VANISHING_RATIO and norm < VANISHING_NORM:
            told = first[0].node.name
            fields = {"first": told, "last": last[0].node.name, "ratio": f"{ratio:.2g}", "layers": _layers_text(weights)}
            numbers = {"ratio": ratio, **_norms(weights)}
            yield Finding(Message("doctor_vanishing", fields), Message("advice_vanishing"), numbers, *_at(run, first[0]))
    for parameter in run.parameters:
        sizes = [
            each.gradient.summary.l2 / math.sqrt(each.node.size)
            for each in parameter
            if each.gradient is not None and each.node.size
        ]
        name = parameter[0].node.name
        if name != told and sizes and all(0 < size < VANISHING_MEAN for size in sizes):
            small = {"name": name, "size": f"{max(sizes):.3g}", "steps": str(len(sizes))}
            numbers = {"rms": max(sizes), "steps": len(sizes)}
            yield Finding(Message("doctor_small_gradient", small), Message("advice_vanishing"), numbers, *_at(run, parameter[0]))


def exploding(run: Run) -> Iterator[Finding | Unseen]:
    """A first layer whose gradient is far larger than that of the last one, or one that grows, where the loss rises."""
    if run.has_several_losses or not run.trend.rises:
        return
    weights = _weights(run)
    if len(weights) > 1:
        (first, ones), (last, others) = weights[0], weights[-1]
        ratio = _middle_ratio(ones, others)
        if ratio > EXPLODING_RATIO:
            fields = {
                "first": first[0].node.name, "last": last[0].node.name, "ratio": f"{ratio:.3g}", "layers": _layers_text(weights),
            }  # fmt: skip
            numbers = {"ratio": ratio, **_norms(weights)}
            yield Finding(Message("doctor_exploding", fields), Message("advice_exploding"), numbers, *_at(run, first[0]))
            return
    for parameter in run.parameters:
        norms = [each.gradient.summary.l2 for each in parameter if each.gradient is not None]
        if len(norms) > 1 and 0 < EXPLODING_GROWTH * norms[0] <= norms[-1] and norms[-1] >= max(norms) / 2:
            growing = {"name": parameter[0].node.name, "first": f"{norms[0]:.3g}", "last": f"{norms[-1]:.3g}"}
            numbers = {"first": norms[0], "last": norms[-1], "growth": norms[-1] / norms[0]}
            yield Finding(
                Message("doctor_growing_gradient", growing), Message("advice_exploding"), numbers, *_at(run, parameter[-1], -1)
            )
            return


def zero(run: Run) -> Iterator[Finding | Unseen]:
    """A gradient of which every element is exactly 0 in all steps."""
    for parameter in run.parameters:
        gradients = [each.gradient for each in parameter if each.gradient is not None]
        if len(gradients) == len(parameter) and gradients and all(_is_zero(each) for each in gradients):
            node = parameter[0].node
            fields = {"name": node.name, "steps": len(gradients)}
            numbers = {"elements": node.size, "steps": len(gradients)}
            yield Finding(
                Message("doctor_zero_gradient", fields), Message("advice_zero_gradient"), numbers, *_at(run, parameter[0])
            )


def _at(run: Run, parameter: Parameter, position: int = 0) -> tuple[int, int]:
    """The step, and the node of the gradient of a parameter in it."""
    assert parameter.gradient is not None
    return run.steps[position].index, parameter.gradient.id


def _norms(weights: Weights) -> dict[str, float]:
    return {parameter[0].node.name: median(norms) for parameter, norms in weights}


def _layers_text(weights: Weights) -> str:
    return ", ".join(f"{name} {norm:.3g}" for name, norm in _norms(weights).items())


def _is_zero(node: Node) -> bool:
    return node.summary.is_finite and node.summary.zeros == node.summary.count and node.size > 0


def _weights(run: Run) -> Weights:
    """The matrices among the parameters that have gradients, in the order of their use, with the lengths of these."""
    found = []
    for parameter in run.parameters:
        gradients = [each.gradient for each in parameter if each.gradient is not None]
        if len(parameter[0].node.shape) > 1 and len(gradients) == len(run.steps) and not all(map(_is_zero, gradients)):
            found.append((parameter, [each.summary.l2 for each in gradients]))
    return found


def _middle_ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """The ratio of two lengths in the middle of all steps; nan if there is none."""
    ratios = [one / other for one, other in zip(ones, others, strict=True) if other > 0]
    return median(ratios)
