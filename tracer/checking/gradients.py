"""The gradients of a recorded step against the oracle: every number, or sums over all and a sample of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from tracer.checking.compare import Extent, GradientComparison, extent_of
from tracer.checking.complex_step import complex_step_jvp
from tracer.checking.derivatives import Derivatives, first_order, second_order_of
from tracer.checking.results import Check, Comparison, Fault, tolerance_of
from tracer.checking.rules import check_rules, first_that_is_not_finite
from tracer.graph.record import Node, Step
from tracer.i18n.message import Message

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
    orders = [first_order(step), *([second_order_of(step, rng)] if second_order else [])]
    rules, faults = check_rules(step, rng, second_order=second_order)
    comparisons = tuple(
        compare(step, derivatives, parameter, extent, rng, tolerance)
        for derivatives in orders
        for parameter, extent in zip(derivatives.parameters, extents(derivatives, rng, exhaustive=exhaustive), strict=True)
    )
    return judged(step, comparisons, rules, faults)


def judged(step: Step, comparisons: Sequence[Comparison], rules: int, faults: Sequence[Fault]) -> Check:
    """What was compared and the rules that were run, as one; where a gradient is not finite, with the node it began at."""
    infinite = any(each.worst is not None and each.worst.is_wrong and not np.isfinite(each.worst.found) for each in comparisons)
    return Check(tuple(comparisons), rules, (*faults, *(first_that_is_not_finite(step) if infinite else ())))


def extents(derivatives: Derivatives, rng: np.random.Generator, *, exhaustive: bool) -> list[Extent]:
    """For each parameter, which of its numbers are compared."""
    sizes = [parameter.value.size for parameter in derivatives.parameters]
    total = sum(sizes)
    limit = total if exhaustive or total <= ONE_BY_ONE else 0
    return [extent_of(size, limit, -(-SAMPLED * size // max(1, total)), rng) for size in sizes]


def compare(
    step: Step,
    derivatives: Derivatives,
    parameter: Node,
    extent: Extent,
    rng: np.random.Generator,
    tolerance: float | None = None,
) -> Comparison:
    """The derivatives with respect to one parameter against the oracle, as far as the extent goes."""
    by_differences: set[str] = set()

    def directional(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        slopes = complex_step_jvp(step.nodes, parameter.id, directions, [end for end, _ in derivatives.ends])
        by_differences.update(slopes.by_differences)
        expected, sizes = np.zeros(len(directions)), np.zeros(len(directions))
        for end, weight in derivatives.ends:
            moved = slopes.of[end]
            if moved is not None:
                parts = (moved * weight).reshape(len(directions), -1)
                expected += np.sum(parts, axis=1)
                sizes += np.sum(np.abs(parts), axis=1)
        return expected, sizes, np.full(len(sizes), slopes.error * np.max(sizes, initial=0.0))

    found = derivatives.recorded[parameter.id]
    allowed = tolerance if tolerance is not None else tolerance_of(step.nodes[id].dtype for id in step.gradients)
    comparing = GradientComparison(
        found, lambda: derivatives.magnitudes()[parameter.id], directional, allowed, derivatives.largest
    )
    with np.errstate(all="ignore"):
        worst = comparing.worst(extent, rng)
    return Comparison(
        name=parameter.name,
        shape=parameter.shape,
        order=derivatives.order,
        method=_method(by_differences),
        size=found.size,
        entries=len(extent.places),
        projections=extent.projections,
        worst=worst,
    )


def _method(by_differences: Collection[str]) -> Message:
    """How slopes were found; the operations through which only differences lead are named."""
    if not by_differences:
        return Message("complex_step")
    return Message("differences", {"operations": tuple(sorted(by_differences))})
