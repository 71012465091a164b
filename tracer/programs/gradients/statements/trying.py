"""Runs a program with the statements that may repair it: only one with which it is right is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from tracer.i18n.message import Message
from tracer.programs.gradients.report import BackpropReport, Fault, Following, Repair, Replacement, Verdict
from tracer.programs.gradients.statements.source_text import with_statement

MAX_SECONDS = 15.0
"""Time after which no other statement is tried."""

IN_THE_LINE = frozenset({"backprop_other_value", "backprop_without"})
"""Edits that are not shown in words either if no statement with them is right: they hold in a part of the passes of a loop."""

Check = Callable[[str], BackpropReport | None]
"""Runs the program with another text, and checks it; None if that was interrupted, and no other is to be run."""


def with_tried_repairs(report: BackpropReport, text: str, check: Check) -> BackpropReport:
    """A report with statements that repair its faults, each of which the program was run with.

    Repairs are tried one after the other, so that the program has those that were found before. A fault that is gone with an
    earlier one's repair is left out.
    """
    if report.verdict is not Verdict.WRONG:
        return report
    until = monotonic() + MAX_SECONDS
    faults, left = [], report
    for fault in report.faults:
        if fault.statement not in {each.statement for each in left.faults}:
            continue  # an earlier repair made it right
        found, was_tried = None, False
        for proposal in fault.proposals:
            if monotonic() > until:
                break
            tried = with_statement(text, proposal)
            was_tried, after = True, check(tried)
            if after is None:
                until = 0.0
            elif _is_repaired(fault, left, after):
                found, text, left = proposal, tried, after
                break
        if found is not None:
            fault = replace(fault, repair=_repair(fault, found))
        elif was_tried and fault.repair is not None and fault.repair.edit.code in IN_THE_LINE:
            fault = replace(fault, repair=None)
        faults.append(fault)
    return replace(report, faults=tuple(faults))


def _is_repaired(fault: Fault, before: BackpropReport, after: BackpropReport) -> bool:
    """Whether a fault is gone, nothing else is worse, and the updates follow the same loss."""
    if after.verdict is Verdict.UNKNOWN or after.loss is None or before.loss is None or after.loss.kind is not before.loss.kind:
        return False
    if after.updates < before.updates or len(after.parameters) < len(before.parameters):
        return False  # the program ended before: its statement does not fit the others
    if after.verdict is not Verdict.WRONG:
        return after.verdict is Verdict.RIGHT
    follows = {each.name for each in after.parameters if each.following is Following.FOLLOWS}
    return fault.line not in after.lines and set(fault.parameters) <= follows and len(after.faults) < len(before.faults)


def _repair(fault: Fault, proposal: Replacement) -> Repair:
    edit = Message("backprop_with_statement") if fault.repair is None else fault.repair.edit
    return Repair(edit, proposal.text, (proposal.first, proposal.last))
