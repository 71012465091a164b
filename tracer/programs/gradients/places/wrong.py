"""The report on updates that follow no loss: which statements are wrong, if that is sure."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Attempt, Program, likeliest
from tracer.programs.gradients.naming import parameter_findings, parameter_name
from tracer.programs.gradients.places.doubts import is_of_same_outputs, unrecorded
from tracer.programs.gradients.places.factors import factor_spots
from tracer.programs.gradients.places.faults import faults_of, forward_fault
from tracer.programs.gradients.report import BackpropReport, Following, Measure, ParameterFinding, Verdict


def with_other_axis(attempt: Attempt, loss: Measure, axis: int, wanted: int) -> BackpropReport:
    """The report where the output is normalised over another axis than the backward pass takes it to be."""
    assert attempt.implied is not None
    fault = forward_fault(attempt.gradients.tape, attempt.implied.residual.outputs[0], axis, wanted)
    departing = {root for root in attempt.gradients.looked[0].before if root not in attempt.judgement.follows}
    parameters = parameter_findings(attempt)
    if not departing:
        parameters = tuple(ParameterFinding(each.name, each.line, Following.DEPARTS) for each in parameters)
    parameters = _uneven(attempt) or parameters
    return BackpropReport(Verdict.WRONG, loss, None, parameters, attempt.updates, (fault,))


def wrong_report(
    program: Program, computed: Sequence[Attempt], own: Sequence[Attempt], implied: Sequence[Attempt]
) -> tuple[BackpropReport, Attempt]:
    """The report where updates follow no loss: wrong where the place is sure, else it cannot be told."""
    best = max(implied, key=lambda each: (not each.judgement.is_uphill, each.score), default=None)
    is_measured = any(each.judgement.follows or (best and is_of_same_outputs(each, best)) for each in own)
    is_own = bool(own) and (is_measured or not implied)
    candidates = own if is_own else implied
    attempt = max(candidates, key=lambda each: (not each.judgement.is_uphill, each.score))
    uphill = likeliest(candidates)
    if not attempt.judgement.follows and uphill.judgement.follows:
        attempt = uphill
    loss, parameters = attempt.measure, parameter_findings(attempt)
    problem = attempt.gradients.problem or unrecorded(attempt)
    if problem:
        reason = Message("backprop_not_recorded", {"problem": problem})
        return BackpropReport(Verdict.UNKNOWN, loss, None, parameters, attempt.updates, reason=reason), attempt
    faults = faults_of(program, own, computed, attempt)
    if not faults and attempt.judgement.turned:
        turned = min(attempt.judgement.turned)
        fields = {"name": parameter_name(program.tape, attempt.gradients.looked[0], turned)}
        reason = Message("backprop_turned", fields)
        return BackpropReport(Verdict.UNKNOWN, loss, None, parameters, attempt.updates, reason=reason), attempt
    if not faults:
        reason = Message("backprop_not_clear")
        return BackpropReport(Verdict.UNKNOWN, loss, None, parameters, attempt.updates, reason=reason), attempt
    parameters = _uneven(attempt) or parameters
    return BackpropReport(Verdict.WRONG, loss, None, parameters, attempt.updates, faults), attempt


def _uneven(attempt: Attempt) -> tuple[ParameterFinding, ...] | None:
    """The parameters with those that a factor is wrong for; None unless factors are all that is wrong."""
    if attempt.judgement.bad or not attempt.judgement.uneven:
        return None
    return parameter_findings(attempt, {root for each in factor_spots(attempt) or () for root in each.roots})
