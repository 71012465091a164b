"""Checks the gradients of recorded steps: each rule by itself, and those of the parameters against differences of the loss.

Everything is computed again in float64 from the leaves of the step, the program's own backward pass too, so that rounding plays
no part. What a gradient is to be is computed by PyTorch's derivatives of the recorded forward operations, the one inside of
a torch.autograd.Function too; these derivatives are held against differences.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracer.analysis.step_gradients import Note, ParameterGradient, RuleFinding, StepGradients
from tracer.errors import UsageError
from tracer.graph.losses import losses_of, passes
from tracer.graph.record import Step
from tracer.torch.checking.causes import memory_before
from tracer.torch.checking.flow import Flow
from tracer.torch.checking.parameters import check_parameters, is_parameter
from tracer.torch.checking.rules import check_rules
from tracer.torch.checking.stops import Stops, edit_notes
from tracer.torch.checking.sweep import pass_of
from tracer.torch.checking.values import Values, exactly

LARGEST = 100_000_000
"""The number of elements of a step that is computed again."""


def check_steps(steps: Iterable[Step]) -> StepGradients:
    """Check the gradients of some recorded steps with all their values."""
    found = [_check_step(step) for step in steps]
    return StepGradients(
        len(found),
        tuple(each for one in found for each in one.parameters),
        sum(one.rules for one in found),
        sum(one.by_differences for one in found),
        tuple(each for one in found for each in one.findings),
        tuple(dict.fromkeys(each for one in found for each in one.notes)),
    )


def _check_step(step: Step) -> StepGradients:
    missing = next((node for node in step.nodes if not node.is_kept), None)
    if missing is not None:
        raise UsageError(f"step {step.index} is not on record with all its values: record it with --values all")
    if sum(node.size for node in step.nodes) > LARGEST:
        raise UsageError(f"step {step.index} has more than {LARGEST:,} numbers: too many to be computed again")
    parameters: list[ParameterGradient] = []
    findings: list[RuleFinding] = []
    notes: list[Note] = []
    rules = by_differences = 0
    reached: set[int] = set()
    with exactly():
        values, flow = Values(step), Flow(step)
        for one_loss in passes(step):
            one = pass_of(one_loss, values, flow)
            found = check_rules(one)
            rules, by_differences = rules + found.held, by_differences + found.by_differences
            findings += found.findings
            notes += found.notes
            judged = check_parameters(one, found)
            parameters += judged
            reached |= {memory_before(step.nodes, id)[-1].id for id in one.nodes if is_parameter(one, step.nodes[id])}
    stops = Stops(step, flow, losses_of(step))
    parameters += stops.without_gradient(reached)
    # Where a gradient came by a way that is not on record, as by torch.func, what stopped others is not known either.
    is_known = not any(each.reason is not None and each.reason.code == "gradient_unknown_way" for each in parameters)
    notes += [*(stops.notes() if is_known else ()), *edit_notes(step)]
    return StepGradients(1, tuple(parameters), rules, by_differences, tuple(findings), tuple(notes))
