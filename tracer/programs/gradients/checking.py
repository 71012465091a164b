"""Checks the hand-written gradients of a recorded program."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Attempt, Program, likeliest
from tracer.programs.gradients.implied import activation_of
from tracer.programs.gradients.naming import parameter_findings
from tracer.programs.gradients.places.departures import with_every_update
from tracer.programs.gradients.places.doubts import is_of_same_data, is_of_same_outputs
from tracer.programs.gradients.places.never_updated import with_still_parameters
from tracer.programs.gradients.places.nothing import why_nothing
from tracer.programs.gradients.places.scale import scale_of
from tracer.programs.gradients.report import BackpropReport, LossKind, Measure, Verdict
from tracer.programs.gradients.single_pass import program_of
from tracer.programs.gradients.tape import ProgramTape
from tracer.programs.record import ProgramRecord


def check_program(record: ProgramRecord, *, loss: str | None = None) -> BackpropReport:
    """Hold the updates of a recorded program against the gradients of its loss; `loss` is the name of the loss, if given."""
    return judged(program_of(record, loss))


def judged(program: Program) -> BackpropReport:
    """Hold the updates of a program against the gradients of its loss."""
    if not program.updates.following:
        return BackpropReport(Verdict.UNKNOWN, reason=why_nothing(program))
    with np.errstate(all="ignore"):  # numbers that overflow in the program do so in comparisons
        report, attempt = _judged(program)
        return report if attempt is None else with_still_parameters(report, program, attempt)


def _judged(program: Program) -> tuple[BackpropReport, Attempt | None]:
    """The verdict on the updates, and the attempt that it rests on."""
    computed = program.computed
    own = without_parts(program.tape, computed)
    good = [attempt for attempt in own if is_good(attempt)]
    if good:
        return _right(program, likeliest(good))
    if cover_together(own):
        return _right(program, likeliest(own))
    printed = [] if own else program.printed
    good = [attempt for attempt in printed if is_good(attempt)]
    if good:
        return _right(program, likeliest(good))
    if program.wanted is not None and not computed:
        return BackpropReport(Verdict.UNKNOWN, reason=why_nothing(program)), None
    implied = [] if program.wanted is not None else program.implied
    followed: list[tuple[BackpropReport, Attempt]] = []
    for attempt in sorted(filter(is_good, implied), key=lambda each: each.score, reverse=True):
        if not program.roots <= set(attempt.gradients.looked[0].before):
            continue
        report = _implied_right(attempt, own or printed)
        if report is not None:
            followed.append((with_every_update(report, program, attempt), attempt))
            if followed[-1][0].verdict is not Verdict.UNKNOWN:
                return followed[-1]
    if followed:
        return followed[0]
    if not own and not implied and not printed:
        return BackpropReport(Verdict.UNKNOWN, reason=why_nothing(program)), None
    from tracer.programs.gradients.places.wrong import wrong_report  # with all that looks for the place

    return wrong_report(program, computed, own or ([] if implied else printed), implied)


def is_good(attempt: Attempt) -> bool:
    """Whether all updates follow the gradient of a loss; uphill for one that is to be large."""
    return attempt.judgement.is_good(attempt.is_maximised)


def without_parts(tape: ProgramTape, attempts: Sequence[Attempt]) -> list[Attempt]:
    """The attempts without those whose loss is only a part of another one's."""
    kept = []
    for attempt in attempts:
        mine = set(attempt.gradients.looked[0].before)
        is_part = any(
            other.measure != attempt.measure
            and mine <= set(other.gradients.looked[0].before)
            and not attempt.times & other.times
            and any(attempt.times & (set(each.truth.forward) - set(each.step.seeds)) for each in other.gradients.looked)
            for other in attempts
        )
        if not is_part:
            kept.append(attempt)
    return kept


def cover_together(attempts: Sequence[Attempt]) -> bool:
    """Whether each parameter follows one of several losses, none of which all of them depend on alone: two networks."""
    roots = set().union(*(set(each.gradients.looked[0].before) for each in attempts)) if attempts else set()
    followed: set[int] = set()
    for each in attempts:
        if not each.judgement.uneven and each.judgement.is_uphill is each.is_maximised:
            followed |= each.judgement.follows
    return len({each.measure for each in attempts}) > 1 and bool(roots) and roots <= followed


def _right(program: Program, attempt: Attempt) -> tuple[BackpropReport, Attempt]:
    report = BackpropReport(
        Verdict.RIGHT,
        loss=attempt.measure,
        parameters=parameter_findings(attempt),
        updates=attempt.updates,
        scale=scale_of(attempt),
    )
    return with_every_update(report, program, attempt), attempt


def _implied_right(attempt: Attempt, own: Sequence[Attempt]) -> BackpropReport | None:
    """The report where updates follow a loss that the program does not compute; None if that is no common loss."""
    assert attempt.implied is not None
    tape, residual = attempt.gradients.tape, attempt.implied.residual
    measure = attempt.measure
    if measure.kind is LossKind.CROSS_ENTROPY:
        output, before, target = residual.outputs[0], attempt.implied.at[0], residual.targets[0]
        activation, axis, wanted = activation_of(tape.value(output), tape.value(before), target)
        if activation == "softmax over another axis":
            assert axis is not None and wanted is not None
            from tracer.programs.gradients.places.wrong import with_other_axis

            return with_other_axis(attempt, own[0].measure if own else measure, axis, wanted)
        if activation == "identity":
            measure = Measure(measure.name, measure.line, LossKind.SQUARED_ERROR)
        elif activation == "":
            return None
    elsewhere = [each for each in own if not is_of_same_outputs(each, attempt)]
    own = [each for each in own if is_of_same_outputs(each, attempt)]
    same = next((each for each in elsewhere if not own and is_of_same_data(each, attempt)), None)
    if same is not None:
        fields = {"name": same.measure.name, "line": same.measure.line}
        reason = Message("backprop_same_data", fields)
        return BackpropReport(Verdict.UNKNOWN, measure, None, parameter_findings(attempt), attempt.updates, reason=reason)
    if any(_is_like(each, attempt) for each in own):
        return None
    if not own:
        return BackpropReport(Verdict.RIGHT, measure, None, parameter_findings(attempt), attempt.updates)
    best = likeliest(own)
    return BackpropReport(Verdict.OTHER_LOSS, best.measure, measure, parameter_findings(attempt), attempt.updates)


def _is_like(own: Attempt, implied: Attempt) -> bool:
    """Whether a loss that the program computes is of the kind of an implied one: then the updates should follow it.

    So they should if some of them do.
    """
    assert implied.implied is not None
    if own.judgement.follows and own.judgement.bad and not own.judgement.is_uphill:
        return True
    tape, residual = own.gradients.tape, implied.implied.residual
    for each in own.gradients.looked:
        for output, at in zip(residual.outputs, implied.implied.at, strict=True):
            if at in each.truth.totals:
                return _is_residual_of(tape, each.truth.totals[at], output, each.forward)
    return False


def _is_residual_of(tape: ProgramTape, gradient: np.ndarray, output: int, forward: Collection[int]) -> bool:
    """Whether a gradient is the output minus some target: one of 0 and 1, or one that the loss subtracts."""
    value = np.asarray(tape.value(output), np.float64)
    for number in {1, value.size, *value.shape}:
        for factor in (1 / number, 2 / number):
            target = value - gradient / factor
            if np.allclose(target, np.round(target), atol=1e-6) and set(np.round(target).ravel()) <= {0.0, 1.0}:
                return True
    for user in tape.users[output]:
        if user in forward and tape.op(user) == "subtract" and tape.value(user).shape == gradient.shape:
            difference = np.asarray(tape.value(user), np.float64)
            norms = float(np.linalg.norm(difference) * np.linalg.norm(gradient))
            if gradient.size > 1 and norms and abs(abs(float(np.sum(difference * gradient))) / norms - 1) < 1e-9:
                return True
    return False
