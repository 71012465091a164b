"""The faults of a backward pass: their places, the reasons, and the repairs that were verified."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Attempt, Program
from tracer.programs.gradients.increments import entry
from tracer.programs.gradients.naming import parameter_name, path_text, target_text
from tracer.programs.gradients.places.derivatives import Edit
from tracer.programs.gradients.places.doubts import is_doubtful, is_split_by_path, uses_new_values
from tracer.programs.gradients.places.dropped import Dropped, Term, accumulation, dropped_path, missing_uses, wrong_term
from tracer.programs.gradients.places.factors import factor_spots, sign_change
from tracer.programs.gradients.places.locating import Spot, spots_of, trusted_inputs
from tracer.programs.gradients.places.repairs import find_repair
from tracer.programs.gradients.places.unused import unused_gradients
from tracer.programs.gradients.report import Fault, Repair, Replacement, Trusted
from tracer.programs.gradients.statements.penalties import missing_terms
from tracer.programs.gradients.statements.proposals import Proposer, proposals_over_axes
from tracer.programs.gradients.tape import ProgramTape

_WEAK = frozenset({"backprop_other_value", "backprop_without"})
"""Edits that may also make a gradient of what is none: where no other parameter follows the loss, they do not count."""


def faults_of(program: Program, own: Sequence[Attempt], computed: Sequence[Attempt], attempt: Attempt) -> tuple[Fault, ...]:
    """The faults, first ones first; none where it cannot be told.

    `own` are the attempts with the losses of the program, `computed` those with parts of them too.
    """
    found = attempt.judgement
    if found.is_uphill is not attempt.is_maximised and not found.bad:
        return _uphill(attempt)
    faults: list[tuple[int, Fault]] = []
    is_clear = _is_clear(attempt)
    for root in sorted(found.bad):
        if is_doubtful(program, own, computed, attempt, root):
            return ()
        faults += _faults_of_parameter(program, attempt, root, is_clear=is_clear)
    if found.uneven:
        faults += _uneven(attempt) or ()
    return _ordered(faults)


def _faults_of_parameter(program: Program, attempt: Attempt, root: int, *, is_clear: bool) -> list[tuple[int, Fault]]:
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    id = accumulation(attempt, root)
    if id is not None:
        name = gradients.tape.name(id) or gradients.tape.text(id)
        reason = Message("backprop_not_zeroed", {"name": name})
        repair = Repair(Message("backprop_zeroed", {"name": name}))
        fault = Fault(gradients.tape.line(id), gradients.tape.statement_text_of(id), reason, (), repair, (_name(attempt, root),))
        return [(id, fault)]
    computed = (id for id in looked.forward - set(looked.before.values()) if gradients.tape.inputs[id])
    forward = {gradients.tape.statement(id) for id in computed}
    has_whole = entry(gradients, root)[0] is not None
    faults = []
    for spot in spots_of(attempt, root):
        if gradients.tape.statement(spot.id) in forward:
            continue  # a part of the forward pass that was computed again
        dropped = dropped_path(attempt, spot)
        if dropped is not None:
            faults.append((dropped.id, _dropped(attempt, dropped, root)))
            continue
        edit = find_repair(attempt, spot, only_turned=has_whole)
        if has_whole and edit is None:
            continue  # the gradient is right; what becomes of it then may be a method of its own
        missing = missing_uses(gradients, looked, spot) if edit is None else ()
        term = wrong_term(attempt, root) if edit is None else None
        is_proven = (edit is not None and (is_clear or edit.what.code not in _WEAK)) or term is not None
        is_strange = missing is None or is_split_by_path(attempt, spot) or uses_new_values(attempt, root)
        if not is_proven and (is_strange or not is_clear):
            continue
        faults.append((spot.id, _fault(program, attempt, spot, edit, missing or (), term)))
    return faults


def _ordered(faults: list[tuple[int, Fault]]) -> tuple[Fault, ...]:
    """One fault for each line, in the order of computing; those that a repair was verified for stand for others of their line."""
    kept: dict[int, Fault] = {}
    for _, fault in sorted(faults, key=lambda each: each[0]):
        known = kept.get(fault.line)
        if fault.line > 0 and (known is None or (known.repair is None and fault.repair is not None)):
            kept[fault.line] = fault
    return tuple(kept.values())


def _is_clear(attempt: Attempt) -> bool:
    """Whether other parameters follow the loss, so that it is what the program descends; of an implied loss, half of them."""
    found = attempt.judgement
    if attempt.implied is None:
        return bool(found.follows)
    return len(found.follows) >= len(found.bad)


def _name(attempt: Attempt, root: int) -> str:
    return parameter_name(attempt.gradients.tape, attempt.gradients.looked[0], root)


def _fault(
    program: Program, attempt: Attempt, spot: Spot, edit: Edit | None, missing: tuple[int, ...], term: Term | None
) -> Fault:
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    tape, text = gradients.tape, gradients.tape.statement_text_of(spot.id)
    found = (
        Trusted(
            tape.name(id) or tape.text(id),
            tape.line(id),
            target_text(gradients, looked, match.target),
            path_text(gradients, looked, match.target),
        )
        for id, match in trusted_inputs(gradients, looked, spot)
    )
    trusted = tuple(dict.fromkeys(found))  # a loop computes the same line several times
    repair = None if edit is None else Repair(edit.what)
    if term is not None:
        reason = Message("backprop_term", {"line": tape.line(term.rule), "factor": f"{term.factor:.6g}"})
    elif missing:
        lines = ", ".join(dict.fromkeys(str(tape.line(id)) for id in missing))
        reason = Message("backprop_missing", {"name": _name(attempt, spot.root), "lines": lines})
    elif trusted:
        reason = Message("backprop_wrong")
    else:
        reason = Message("backprop_no_gradient")
    proposals = _proposals(program, attempt, spot, edit, trusted)
    return Fault(tape.line(spot.id), text, reason, trusted, repair, (_name(attempt, spot.root),), proposals)


def _proposals(
    program: Program, attempt: Attempt, spot: Spot, edit: Edit | None, trusted: tuple[Trusted, ...]
) -> tuple[Replacement, ...]:
    """Statements that may be right: with the edit, with a gradient that is computed and not used, with a penalty's gradient."""
    proposer = Proposer(attempt)
    if edit is not None:
        return (*proposer.by_edit(edit, spot.result), *proposer.by_guess(spot))
    instead = [
        replacement
        for name in unused_gradients(program, attempt, spot.root)
        for each in trusted
        for replacement in proposer.by_name(spot.id, each.name, name)
    ]
    name = proposer.target(attempt.gradients.looked[0].after[spot.root]) or _name(attempt, spot.root)
    terms = proposer.by_term(spot.result, missing_terms(attempt, spot, proposer.numbers, name))
    return (*instead, *terms, *proposer.by_guess(spot))


def _dropped(attempt: Attempt, dropped: Dropped, root: int) -> Fault:
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    tape = gradients.tape
    of = target_text(gradients, looked, (dropped.of, None))
    lines = ", ".join(dict.fromkeys(str(tape.line(id)) for id in dropped.missing))
    missing = Message("backprop_missing", {"name": of, "lines": lines})
    reason = missing if lines else Message("backprop_part", {"name": of})
    repair = Repair(Message("backprop_with_all", {"name": of}))
    proposals = Proposer(attempt).by_guess(Spot(root, dropped.id, dropped.id, False))
    text = tape.statement_text_of(dropped.id)
    return Fault(tape.line(dropped.id), text, reason, (), repair, (_name(attempt, root),), proposals)


def _uneven(attempt: Attempt) -> list[tuple[int, Fault]] | None:
    spots = factor_spots(attempt)
    if spots is None:
        return None
    tape, looked = attempt.gradients.tape, attempt.gradients.looked[0]
    faults = []
    for each in spots:
        names = tuple(parameter_name(tape, looked, root) for root in each.roots)
        factor = f"{each.factor:.6g}"
        reason = Message("backprop_factor", {"names": ", ".join(names), "factor": factor})
        if abs(each.factor + 1) <= 1e-6:
            reason = Message("backprop_opposite", {"names": ", ".join(names)})
        proposals = Proposer(attempt).by_factor(each.spot.id, each.factor)
        fault = Fault(tape.line(each.spot.id), tape.statement_text_of(each.spot.id), reason, (), None, names, proposals)
        faults.append((each.spot.id, fault))
    return faults


def _uphill(attempt: Attempt) -> tuple[Fault, ...]:
    """Faults of updates that all go along the gradient: at what computes minus the gradient, if that is in as few lines."""
    tape, looked = attempt.gradients.tape, attempt.gradients.looked[0]
    proposer = Proposer(attempt)
    moving, reversing = [], []
    for root in sorted(attempt.judgement.follows):
        after, name = looked.after[root], parameter_name(tape, looked, root)
        reason = Message("backprop_uphill", {"name": name})
        proposals = proposer.by_direction(after)
        moving.append((after, Fault(tape.line(after), tape.statement_text_of(after), reason, (), None, (name,), proposals)))
        at = sign_change(attempt, root)
        if at is not None:
            reason = Message("backprop_minus", {"name": name, "line": tape.line(after)})
            fault = Fault(tape.line(at), tape.statement_text_of(at), reason, (), None, (name,), proposer.by_sign(at))
            reversing.append((at, fault))
    at_updates, at_signs = _ordered(moving), _ordered(reversing)
    return at_signs if len(reversing) == len(moving) and len(at_signs) <= len(at_updates) else at_updates


def forward_fault(tape: ProgramTape, output: int, axis: int, wanted: int) -> Fault:
    """The fault of a softmax over the wrong axis, whose backward pass is that of one over the right axis."""
    reason = Message("backprop_softmax_axis", {"axis": axis, "wanted": wanted})
    return Fault(tape.line(output), tape.statement_text_of(output), reason, proposals=proposals_over_axes(tape, output))
