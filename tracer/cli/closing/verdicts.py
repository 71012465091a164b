"""What a check of the gradients says at the end of a run, where it takes under two seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tracer.graph.record import Step
from tracer.i18n.message import Message

if TYPE_CHECKING:
    from tracer.analysis.step_gradients import StepGradients
    from tracer.programs.gradients.attempts import Program

MAX_NODES, MAX_WORK = 400, 1_000_000
"""Maximum number of operations of a step, and of elements of all values times those of all parameters."""

MAX_RECORDED_NODES, MAX_NUMBERS = 1_500, 3_000_000
"""The same of a program of another library: operations of a step, and elements of all its values."""

MAX_OPERATIONS = 20_000
"""Number of operations of a program that are looked at, from its start."""


def verdict_on_step(step: Step) -> Message | None:
    """What the check of a step finds, or that it may take long; None if it cannot be done."""
    parameters, elements = sum(node.size for node in step.parameters), sum(node.size for node in step.nodes)
    if not parameters:
        return None
    if len(step.nodes) > MAX_NODES or elements * parameters > MAX_WORK:
        return Message("check_too_large", {"step": step.index, "operations": len(step.nodes), "numbers": elements})
    from tracer.checking.gradients import check_step
    from tracer.checking.results import Outcome

    try:
        check = check_step(step)
    except Exception:  # an operation of the user's may raise anything where it is computed at other numbers
        return None
    if check.outcome is Outcome.WRONG:
        return Message("check_wrong", {"step": step.index})
    if check.outcome is Outcome.NOT_JUDGED or not check.comparisons:
        return Message("check_not_judged", {"step": step.index})
    numbers = sum(each.entries for each in check.comparisons)
    return Message("check_right", {"step": step.index, "numbers": numbers, "rules": check.rules})


def verdict_on_recorded(step: Step, check: Callable[[Sequence[Step]], StepGradients]) -> Callable[[], Message | None]:
    """What finds the verdict on a step of another library when the run has ended, or says why there was no check.

    It holds the step only if it is small.
    """
    reason = _why_unchecked(step)
    return (lambda: _checked(step, check)) if reason is None else (lambda: reason)


def _why_unchecked(step: Step) -> Message | None:
    if not all(node.is_kept for node in step.nodes):
        return Message("check_without_values", {"step": step.index})
    numbers = sum(node.size for node in step.nodes)
    if len(step.nodes) > MAX_RECORDED_NODES or numbers > MAX_NUMBERS:
        return Message("check_too_large", {"step": step.index, "operations": len(step.nodes), "numbers": numbers})
    return None


def _checked(step: Step, check: Callable[[Sequence[Step]], StepGradients]) -> Message | None:
    from tracer.analysis.step_gradients import Verdict

    try:
        found = check([step])
    except KeyboardInterrupt:  # it ends the check; the run is done, and is kept
        return None
    except Exception:  # a program's own operation may raise anything where it is computed again
        return Message("check_not_judged", {"step": step.index})
    if found.verdict is Verdict.WRONG:
        return Message("check_wrong", {"step": step.index})
    right = sum(each.verdict is Verdict.RIGHT for each in found.parameters)
    if found.verdict is Verdict.UNKNOWN or not right:
        return Message("check_not_judged", {"step": step.index})
    if others := len(found.parameters) - right:
        fields = {"step": step.index, "parameters": right, "rules": found.rules, "others": others}
        return Message("recorded_check_others", fields)
    return Message("recorded_check_right", {"step": step.index, "parameters": right, "rules": found.rules})


def verdict_on_program(program: Program) -> Message | None:
    """What is said of the gradients that a program computes itself, from its first operations; None if it cannot be done."""
    from tracer.programs.gradients.checking import check_program, judged
    from tracer.programs.gradients.report import verdict_message
    from tracer.programs.record import Ending

    record = program.tape.record
    try:
        if len(record.entries) <= MAX_OPERATIONS:
            return verdict_message(judged(program))
        first = replace(record, entries=record.entries[:MAX_OPERATIONS], ending=Ending(was_stopped=True))
        return verdict_message(check_program(first, loss=program.wanted))
    except Exception:  # programs do anything, and this one is done
        return None
