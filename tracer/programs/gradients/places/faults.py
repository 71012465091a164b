"""The faults of a backward pass: their places, the reasons, and the repairs that were verified."""

from __future__ import annotations

from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.naming import parameter_name, target_text
from tracer.programs.gradients.places.factors import factor_spots
from tracer.programs.gradients.places.locating import Spot, spots_of, trusted_inputs
from tracer.programs.gradients.places.repairs import find_repair, replaced_text
from tracer.programs.gradients.report import Fault, Repair, Trusted
from tracer.programs.gradients.tape import ProgramTape


def faults_of(attempt: Attempt, *, is_own: bool) -> tuple[Fault, ...]:
    """The faults, first ones first; none where it cannot be told."""
    found = attempt.judgement
    if found.is_uphill is not attempt.is_maximised and not found.bad:
        return _uphill(attempt)
    faults: list[Fault] = []
    if found.bad:
        if not (found.follows or _has_gradients(attempt) or is_own):
            return ()
        for root in sorted(found.bad):
            faults += [_fault(attempt, spot) for spot in spots_of(attempt, root)]
    if found.uneven:
        faults += _uneven(attempt) or ()
    return _ordered(faults)


def _ordered(faults: list[Fault]) -> tuple[Fault, ...]:
    """One fault for each line; those that a repair was verified for stand for others of their line."""
    kept: dict[int, Fault] = {}
    for fault in sorted(faults, key=lambda each: (each.line, each.repair is None)):
        if fault.line > 0:
            kept.setdefault(fault.line, fault)
    return tuple(kept.values())


def _has_gradients(attempt: Attempt) -> bool:
    looked = attempt.gradients.looked[0]
    return any(attempt.gradients.matches(looked.labels[id]) for id in looked.backward if id in looked.labels)


def _fault(attempt: Attempt, spot: Spot) -> Fault:
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    tape = gradients.tape
    statement = tape.statement(spot.id)
    text = "" if statement is None else tape.statement_text(statement)
    trusted = tuple(
        Trusted(tape.name(id) or tape.text(id), tape.line(id), target_text(gradients, looked, match.target))
        for id, match in trusted_inputs(gradients, looked, spot)
    )
    edit = find_repair(attempt, spot)
    repair = None if edit is None else Repair(edit.what, replaced_text(text, edit.replaces))
    return Fault(
        tape.line(spot.id),
        text,
        Message("backprop_wrong") if trusted else Message("backprop_no_gradient"),
        trusted,
        repair,
        (parameter_name(tape, looked, spot.root),),
    )


def _uneven(attempt: Attempt) -> list[Fault] | None:
    spots = factor_spots(attempt)
    if spots is None:
        return None
    tape, looked = attempt.gradients.tape, attempt.gradients.looked[0]
    faults = []
    for each in spots:
        statement = tape.statement(each.spot.id)
        text = "" if statement is None else tape.statement_text(statement)
        names = tuple(parameter_name(tape, looked, root) for root in each.roots)
        factor = f"{each.factor:.6g}"
        reason = Message("backprop_factor", {"names": ", ".join(names), "factor": factor})
        faults.append(Fault(tape.line(each.spot.id), text, reason, (), None, names))
    return faults


def _uphill(attempt: Attempt) -> tuple[Fault, ...]:
    tape, looked = attempt.gradients.tape, attempt.gradients.looked[0]
    faults = []
    for root in sorted(attempt.judgement.follows):
        after = looked.after[root]
        statement = tape.statement(after)
        text = "" if statement is None else tape.statement_text(statement)
        name = parameter_name(tape, looked, root)
        faults.append(Fault(tape.line(after), text, Message("backprop_uphill", {"name": name}), (), None, (name,)))
    return _ordered(faults)


def forward_fault(tape: ProgramTape, output: int, axis: int, wanted: int) -> Fault:
    """The fault of a softmax over the wrong axis, whose backward pass is that of one over the right axis."""
    statement = tape.statement(output)
    text = "" if statement is None else tape.statement_text(statement)
    reason = Message("backprop_softmax_axis", {"axis": axis, "wanted": wanted})
    return Fault(tape.line(output), text, reason)
