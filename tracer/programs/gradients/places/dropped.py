"""Gradients that are only a part of the whole one, or more than it: a path that was dropped, an older gradient left in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.matching import Gradients, Label, Looked, Match, parameter_label
from tracer.programs.gradients.places.locating import Spot, trusted_inputs
from tracer.programs.gradients.places.repairs import is_right_update
from tracer.programs.gradients.places.replaying import replay
from tracer.programs.gradients.updates import made_of

MAX_TERMS = 6
"""Contributions to one gradient that are told apart."""

CLOSE = 1e-6
"""Relative difference of an update from a sum of contributions that it is taken for."""

_CHOOSING = frozenset({"max", "maximum", "argmax", "nanmax", "min", "minimum"})


@dataclass(frozen=True, slots=True)
class Dropped:
    """A value that is only a part of the gradient with respect to `of`: what comes through `missing` is not in it."""

    id: int
    of: Label
    missing: tuple[int, ...]


def dropped_path(attempt: Attempt, spot: Spot) -> Dropped | None:
    """The input of a statement that is only a part of a gradient, if the statement is right with the whole of it."""
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    for id, _ in trusted_inputs(gradients, looked, spot):
        for match in gradients.matches(looked.labels[id]):
            if match.target[1] is not None and is_right_update(attempt, spot.root, _with_whole(gradients, spot, id, match)):
                return Dropped(id, match.target[0], _others(looked, match))
    return None


def _with_whole(gradients: Gradients, spot: Spot, id: int, match: Match) -> Callable[[Looked], np.ndarray | None]:
    return lambda looked: _with_all(gradients, looked, spot, id, match)


def _with_all(gradients: Gradients, looked: Looked, spot: Spot, id: int, match: Match) -> np.ndarray | None:
    """The updated parameter if a value were the whole gradient."""
    label = gradients.looked[0].labels[id]
    mine, of = looked.ids.get(label), looked.ids.get(match.target[0])
    total = None if of is None else looked.truth.totals.get(of)
    if mine is None or total is None:
        return None
    value = (total.T if match.is_transposed else total) * match.factor
    if value.shape != gradients.tape.value(mine).shape:
        return None
    return replay(gradients.tape, looked.after[spot.root], looked.behind[spot.root], {mine: value})


def _others(looked: Looked, match: Match) -> tuple[int, ...]:
    of = looked.ids[match.target[0]]
    mine = None if match.target[1] is None else looked.ids.get(match.target[1])
    return tuple(sorted(rule for each, rule in looked.truth.uses if each == of and rule != mine))


def missing_uses(gradients: Gradients, looked: Looked, spot: Spot) -> tuple[int, ...] | None:
    """The uses of a parameter that are not in what it is updated with; None if leaving them out may be on purpose.

    Empty if that is not what is wrong. A target that is the largest of several values is often not differentiated.
    """
    if not spot.is_whole or spot.result not in looked.labels:
        return ()
    label, before = parameter_label(spot.root), looked.before[spot.root]
    for match in gradients.matches(looked.labels[spot.result]):
        of, rule = match.target
        is_part = rule is None and looked.ids[of] in gradients.tape.users[before]
        if (of == label and rule is not None) or is_part:
            used = looked.ids[of if rule is None else rule]
            missing = tuple(sorted(other for each, other in looked.truth.uses if each == before and other != used))
            behind = gradients.tape.dependents(set(missing), looked.forward)
            if any(gradients.tape.op(id) in _CHOOSING for id in behind):
                return None
            return missing
    return ()


@dataclass(frozen=True, slots=True)
class Term:
    """What the operation `rule` contributes to a gradient, that enters an update times `factor`, and the rest does not."""

    rule: int
    factor: float


def wrong_term(attempt: Attempt, root: int) -> Term | None:
    """The contribution to a gradient that enters an update with another factor than the others; None if that is not the fault."""
    gradients = attempt.gradients
    label = parameter_label(root)
    targets = [target for target in gradients.targets() if target[0] == label and target[1] is not None]
    if not 2 <= len(targets) <= MAX_TERMS:
        return None
    columns, changes = [], []
    for target in targets:
        found = gradients.gradient(target)
        if found is None:
            return None
        columns.append(np.concatenate([each.ravel() for each in found]))
    for looked in gradients.looked:
        change = gradients.tape.value(looked.after[root]).astype(np.float64) - gradients.tape.value(looked.before[root])
        changes.append(change.ravel())
    table, change = np.column_stack(columns), np.concatenate(changes)
    if table.shape[0] != change.size or change.size < len(targets) + 2 or not np.all(np.isfinite(table)):
        return None
    weights, _, rank, _ = np.linalg.lstsq(table, change, rcond=None)
    if rank < len(targets) or np.linalg.norm(table @ weights - change) > CLOSE * np.linalg.norm(change):
        return None
    usual = float(weights[np.argmax(np.linalg.norm(table, axis=0))])
    others = [place for place, weight in enumerate(weights) if abs(weight / usual - 1) > 1e-4]
    if usual >= 0 or len(others) != 1:
        return None
    rule = targets[others[0]][1]
    if rule is None or abs(weights[others[0]] / usual) < 1e-3:
        return None  # it is left out
    return Term(gradients.looked[0].ids[rule], float(weights[others[0]] / usual))


def accumulation(attempt: Attempt, root: int) -> int | None:
    """The sum in which gradients of earlier steps are left, if the update is right without them."""
    gradients = attempt.gradients
    first = gradients.looked[-1]
    for id in sorted(first.behind[root]):
        place = _older(gradients, first, id)
        if place is None or id == first.after[root] or id not in first.labels:
            continue
        label = first.labels[id]

        def updated(looked: Looked, label: Label = label, place: int = place) -> np.ndarray | None:
            here = looked.ids.get(label)
            if here is None:
                return None
            operand = gradients.tape.operands(here)[place]
            zeros = np.zeros_like(gradients.tape.value(operand)) if isinstance(operand, int) else 0
            operands = {(here, place): zeros}
            return replay(gradients.tape, looked.after[root], looked.behind[root], {}, operands=operands)

        if is_right_update(attempt, root, updated):
            return gradients.looked[0].ids.get(label, id)
    return None


def _older(gradients: Gradients, looked: Looked, id: int) -> int | None:
    """The position of the operand of a sum that is the same sum in an earlier step."""
    tape = gradients.tape
    if tape.op(id) != "add":
        return None
    for place, operand in enumerate(tape.operands(id)):
        if isinstance(operand, int) and operand < looked.start and operand in made_of(tape, id) and tape.inputs[operand]:
            return place
    return None
