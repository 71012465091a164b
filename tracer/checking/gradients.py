"""The gradients of a recorded step, of first and second order, against the oracle."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import numpy as np

from tracer.autodiff import gradients
from tracer.checking.comparing import Comparing, Extent, extent_of
from tracer.checking.findings import Check, Comparison, tolerance_of
from tracer.checking.magnitudes import computed_by, computed_in, magnitudes
from tracer.checking.oracle import check_finite, moving_with
from tracer.checking.rules import check_rules, first_that_is_not_finite
from tracer.errors import UsageError
from tracer.graph import Node, Phase, Step
from tracer.recorder import Recorder
from tracer.replay import record_again
from tracer.tensor import Tensor

ONE_BY_ONE = 2_000
"""Up to how many numbers of all parameters together every one is compared."""

SAMPLED = 64
"""How many are of more than that, over all parameters, beside the projections."""


def check_step(
    step: Step, *, second_order: bool = False, seed: int = 0, exhaustive: bool = False, tolerance: float | None = None
) -> Check:
    """Check the gradients of a recorded step, and every rule through which they came.

    With at most ONE_BY_ONE numbers, or `exhaustive`, every number is compared; else projections and a sample of them.
    `seed` is that of what is drawn, `tolerance` the largest relative error that passes. Raises UsageError where there is
    nothing to check: no floating parameter, or a loss that is not finite.
    """
    rng = np.random.default_rng(seed)
    subjects = [first_order(step), *([second_order_of(step, rng)] if second_order else [])]
    rules, faults = check_rules(step, rng)
    comparisons = tuple(
        compare(step, subject, parameter, extent, rng, tolerance)
        for subject in subjects
        for parameter, extent in zip(subject.parameters, extents(subject, rng, exhaustive=exhaustive), strict=True)
    )
    if any(each.worst is not None and each.worst.is_wrong and not np.isfinite(each.worst.found) for each in comparisons):
        faults += first_that_is_not_finite(step)
    return Check(comparisons, rules, tuple(faults))


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is compared: the derivatives that were recorded, by the ids of the parameters, and how to get their magnitudes.

    They are the derivatives of a sum over the nodes in `ends` of their values times weights; one node may be there twice, as
    the gradient of two parameters. Nodes have at most `largest` elements.
    """

    order: int
    parameters: Sequence[Node]
    recorded: Mapping[int, np.ndarray]
    magnitudes: Callable[[], Mapping[int, np.ndarray]]
    ends: Sequence[tuple[int, np.ndarray]]
    largest: int


def first_order(step: Step) -> Subject:
    """The gradients of the loss. Raises UsageError where there are none."""
    check_finite(step.nodes, step.loss_id)
    parameters = floating_parameters(step)
    ends = {parameter.id: step.gradients[parameter.id] for parameter in parameters}

    def sizes() -> dict[int, np.ndarray]:
        found = magnitudes(computed_by(step.nodes[: max(ends.values()) + 1]), first_of_backward(step))
        return {id: found[end] for id, end in ends.items()}

    recorded = {id: step.nodes[end].value for id, end in ends.items()}
    largest = max(node.value.size for node in step.nodes[: step.loss_id + 1])
    return Subject(1, parameters, recorded, cache(sizes), [(step.loss_id, np.ones(()))], largest)


def second_order_of(step: Step, rng: np.random.Generator) -> Subject:
    """The derivatives of a random sum over all gradients: the matrix of second derivatives times a vector.

    The forward nodes are recorded again, and differentiated twice.
    """
    parameters = floating_parameters(step)
    recorder = Recorder()
    with recorder.deriving(0, None), np.errstate(all="ignore"):
        tensors = record_again(step.nodes, recorder, step.loss_id)
        start = len(recorder.entries)
        own = [tensors[parameter.id] for parameter in parameters]
        found = gradients(tensors[step.loss_id], own)
        weights = {each.id: rng.normal(size=each.shape) for each in own}
        sums: list[Any] = [np.sum(found[each.id] * weights[each.id]) for each in own if each.id in found]
        total = reduce(operator.add, sums) if sums else None
        twice = gradients(total, own) if isinstance(total, Tensor) else {}

    def sizes() -> dict[int, np.ndarray]:
        found = magnitudes(computed_in(recorder.entries), start)
        return {each.id: found[twice[each.id].id] if each.id in twice else np.zeros(each.shape) for each in own}

    recorded = {each.id: twice[each.id].value if each.id in twice else np.zeros(each.shape) for each in own}
    ends = [(step.gradients[id], weight) for id, weight in weights.items()]
    last = max(end for end, _ in ends)
    return Subject(2, parameters, recorded, cache(sizes), ends, max(node.value.size for node in step.nodes[: last + 1]))


def floating_parameters(step: Step) -> list[Node]:
    """The parameters that have a gradient; raises UsageError where there are none."""
    found = [node for node in step.parameters if node.id in step.gradients]
    if not found:
        raise UsageError("there is no gradient to check: no floating array was recorded as a parameter")
    return found


def first_of_backward(step: Step) -> int:
    """The id of the first node of the backward pass."""
    return next((node.id for node in step.nodes if node.phase is Phase.BACKWARD), len(step.nodes))


def extents(subject: Subject, rng: np.random.Generator, *, exhaustive: bool) -> list[Extent]:
    """For each parameter, which of its numbers are compared."""
    sizes = [parameter.value.size for parameter in subject.parameters]
    total = sum(sizes)
    limit = total if exhaustive or total <= ONE_BY_ONE else 0
    return [extent_of(size, limit, -(-SAMPLED * size // max(1, total)), rng) for size in sizes]


def compare(
    step: Step, subject: Subject, parameter: Node, extent: Extent, rng: np.random.Generator, tolerance: float | None = None
) -> Comparison:
    """The derivatives with respect to one parameter against the oracle, as far as the extent goes."""
    by_differences: set[str] = set()

    def directional(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        slopes = moving_with(step.nodes, {parameter.id: directions}, [end for end, _ in subject.ends])
        by_differences.update(slopes.by_differences)
        expected, sizes = np.zeros(len(directions)), np.zeros(len(directions))
        for end, weight in subject.ends:
            moved = slopes.of[end]
            if moved is not None:
                with np.errstate(all="ignore"):
                    parts = (moved * weight).reshape(len(directions), -1)
                expected += np.sum(parts, axis=1)
                sizes += np.sum(np.abs(parts), axis=1)
        with np.errstate(all="ignore"):
            return expected, sizes, np.full(len(sizes), slopes.error * np.max(sizes, initial=0.0))

    found = subject.recorded[parameter.id]
    allowed = tolerance if tolerance is not None else tolerance_of(step.nodes[id].dtype for id in step.gradients)
    comparing = Comparing(found, lambda: subject.magnitudes()[parameter.id], directional, allowed, subject.largest)
    worst = comparing.worst(extent, rng)
    return Comparison(
        name=parameter.name,
        shape=parameter.shape,
        order=subject.order,
        method=f"differences in {', '.join(sorted(by_differences))}" if by_differences else "complex step",
        size=found.size,
        entries=len(extent.places),
        projections=extent.projections,
        worst=worst,
    )
