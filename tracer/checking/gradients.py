"""Checks the gradients of a recorded step against complex-step derivatives: every element, or projections and a sample."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from tracer.checking.compare import GradientComparison, Sampling, choose_sampling
from tracer.checking.complex_step import complex_step_jvp
from tracer.checking.derivatives import Derivatives, first_order_derivatives, second_order_derivatives
from tracer.checking.results import Check, Comparison, Fault, Outcome, tolerance_of
from tracer.checking.rules import check_rules, nonfinite_faults
from tracer.graph.losses import passes
from tracer.graph.record import Node, Step
from tracer.i18n.message import Message

EXHAUSTIVE_LIMIT = 2_000
"""Every element is compared if all parameters together have at most this many."""

SAMPLE_SIZE = 64
"""The number of elements compared otherwise, over all parameters, in addition to projections."""


def check_step(
    step: Step, *, second_order: bool = False, seed: int = 0, exhaustive: bool = False, tolerance: float | None = None
) -> Check:
    """Check the gradients of a recorded step, of each loss if it has several, and every derivative rule that contributed to them.

    Every element is compared if there are at most EXHAUSTIVE_LIMIT, or with `exhaustive`; otherwise random projections and a
    sample of elements. `second_order` also checks a Hessian-vector product, `seed` determines the random numbers, `tolerance`
    replaces the default relative tolerance. Raises UsageError if there is no floating-point parameter, or if the loss is not
    finite.
    """
    rng = np.random.default_rng(seed)
    losses = passes(step)
    orders = [(one, first_order_derivatives(one)) for one in losses]
    orders += [(one, second_order_derivatives(one, rng)) for one in losses if second_order]
    rules, faults = check_rules(step, rng, second_order=second_order)
    comparisons = tuple(
        compare_gradient(one, derivatives, parameter, sampling, rng, tolerance)
        for one, derivatives in orders
        for parameter, sampling in zip(
            derivatives.parameters, choose_samplings(derivatives, rng, exhaustive=exhaustive), strict=True
        )
    )
    return make_check(step, comparisons, rules, faults)


def make_check(step: Step, comparisons: Sequence[Comparison], rules: int, faults: Sequence[Fault]) -> Check:
    """Combine comparisons and faults. If a gradient is not finite, what made it so is added as a fault."""
    infinite = any(element.outcome is Outcome.WRONG for each in comparisons for element in each.unrated)
    return Check(tuple(comparisons), rules, (*faults, *(nonfinite_faults(step) if infinite else ())))


def choose_samplings(derivatives: Derivatives, rng: np.random.Generator, *, exhaustive: bool) -> list[Sampling]:
    """What is compared of each parameter."""
    sizes = [parameter.value.size for parameter in derivatives.parameters]
    total = sum(sizes)
    limit = total if exhaustive or total <= EXHAUSTIVE_LIMIT else 0
    return [choose_sampling(size, limit, -(-SAMPLE_SIZE * size // max(1, total)), rng) for size in sizes]


def compare_gradient(
    step: Step,
    derivatives: Derivatives,
    parameter: Node,
    sampling: Sampling,
    rng: np.random.Generator,
    tolerance: float | None = None,
) -> Comparison:
    """Compare the derivatives with respect to one parameter with complex-step derivatives."""
    by_differences: set[str] = set()

    def directional(directions: np.ndarray, step_factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        jvp = complex_step_jvp(step.nodes, parameter.id, directions, [id for id, _ in derivatives.outputs], step_factor)
        by_differences.update(jvp.by_differences)
        expected, sizes = np.zeros(len(directions)), np.zeros(len(directions))
        for id, weight in derivatives.outputs:
            tangent = jvp.tangents[id]
            if tangent is not None:
                terms = (tangent * weight).reshape(len(directions), -1)
                expected += np.sum(terms, axis=1)
                sizes += np.sum(np.abs(terms), axis=1)
        largest = np.max(sizes, initial=0.0, where=np.isfinite(sizes))
        return expected, sizes, np.where(jvp.errors > 0, jvp.errors * largest, 0.0)

    recorded = derivatives.recorded[parameter.id]
    allowed = tolerance if tolerance is not None else tolerance_of(step.nodes[id].dtype for id in step.gradients)
    comparison = GradientComparison(
        recorded, lambda: derivatives.error_scales()[parameter.id], directional, allowed, derivatives.max_elements
    )
    with np.errstate(all="ignore"):
        rating = comparison.rate(sampling, rng)
    return Comparison(
        name=parameter.name,
        shape=parameter.shape,
        order=derivatives.order,
        method=_method(by_differences),
        size=recorded.size,
        entries=len(sampling.indices),
        projections=sampling.projections,
        worst=rating.worst,
        unrated=tuple(rating.unrated),
        unrated_count=rating.unrated_count,
    )


def _method(by_differences: Collection[str]) -> Message:
    """The method of the comparison: complex step, or finite differences in the operations named."""
    if not by_differences:
        return Message("complex_step")
    return Message("differences", {"operations": tuple(sorted(by_differences))})
