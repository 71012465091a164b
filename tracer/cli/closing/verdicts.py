"""What a check of the gradients says at the end of a run, where it takes under two seconds."""

from __future__ import annotations

from tracer.graph.record import Step
from tracer.i18n.message import Message
from tracer.programs.record import ProgramRecord

MAX_NODES, MAX_WORK = 400, 1_000_000
"""Maximum number of operations of a step, and of elements of all values times those of all parameters."""

MAX_OPERATIONS = 20_000
"""Maximum number of recorded operations of a program."""


def verdict_on_step(step: Step) -> Message | None:
    """What the check of a step finds; None if it would take long, or cannot be done."""
    parameters, elements = sum(node.size for node in step.parameters), sum(node.size for node in step.nodes)
    if not parameters or len(step.nodes) > MAX_NODES or elements * parameters > MAX_WORK:
        return None
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


def verdict_on_program(record: ProgramRecord, loss: str | None) -> Message | None:
    """What is said of the gradients that a program computes itself; None if it would take long, or cannot be done."""
    if len(record.values) > MAX_OPERATIONS:
        return None
    from tracer.programs.gradients.checking import check_program
    from tracer.programs.gradients.report import verdict_message

    try:
        return verdict_message(check_program(record, loss=loss))
    except Exception:  # programs do anything, and this one is done
        return None
