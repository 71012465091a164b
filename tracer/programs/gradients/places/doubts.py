"""Where an update that is no multiple of a gradient may be meant so: then nobody is accused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tracer.programs.gradients.attempts import Attempt, Program
from tracer.programs.gradients.matching import Looked
from tracer.programs.gradients.truth import true_gradients

if TYPE_CHECKING:
    from tracer.programs.gradients.places.locating import Spot

CLOSE = 1e-6
"""Relative difference of an update that is a sum of gradients from that sum."""


def is_doubtful(program: Program, own: Sequence[Attempt], computed: Sequence[Attempt], attempt: Attempt, root: int) -> bool:
    """Whether an update may follow what the loss is not: several losses together, a target that is held fixed, other values."""
    return (
        _is_measured_elsewhere(program, attempt, root)
        or _follows_several(program, own, attempt, root)
        or _follows_part(computed, attempt, root)
        or _holds_target(program, attempt, root)
    )


def unrecorded(attempt: Attempt) -> str:
    """The text of what a step was computed with in a way that is not recorded; empty if there is none."""
    tape = attempt.gradients.tape
    for looked in attempt.gradients.looked:
        for id in looked.forward | looked.backward:
            for each in (id, *tape.inputs[id]):
                if each in tape.record.unknown and each >= looked.start and tape.value(each).size > 1:
                    return tape.text(each)
    return ""


def _is_measured_elsewhere(program: Program, attempt: Attempt, root: int) -> bool:
    """Whether the update was computed with other values of the parameters than the loss: older ones, or newer ones."""
    for looked in attempt.gradients.looked:
        known = {*looked.before.values(), *looked.after.values()}
        for id in looked.behind[root]:
            for operand in program.tape.varying(id):
                if operand in program.cut and operand not in known and operand not in looked.behind[root]:
                    return True
    return False


def _follows_several(program: Program, attempts: Sequence[Attempt], attempt: Attempt, root: int) -> bool:
    """Whether the update is a sum of the gradients of several losses, each with a weight of its own."""
    losses = list(dict.fromkeys(tuple(sorted(each.times)) for each in attempts))
    if len(losses) < 2:
        return False
    rows: list[np.ndarray] = []
    for looked in attempt.gradients.looked:
        before, after = looked.before[root], looked.after[root]
        columns = [_gradient(program, ids, before, after) for ids in losses]
        present = next((each for each in columns if each is not None), None)
        if present is None:
            return False
        change = program.tape.value(after).astype(np.float64) - program.tape.value(before)
        if change.shape != present.shape:
            return False
        filled = [np.zeros(present.size) if each is None else each.ravel() for each in columns]
        rows.append(np.column_stack([*filled, change.ravel()]))
    return _is_spanned(np.concatenate(rows))


def _is_spanned(table: np.ndarray) -> bool:
    """Whether the last column is a sum of several of the others, all with negative weights."""
    columns, change = table[:, :-1].astype(np.float64), table[:, -1]
    used = np.linalg.norm(columns, axis=0) > 0
    columns = columns[:, used]
    if columns.shape[1] < 2 or table.shape[0] < columns.shape[1] + 2 or not np.all(np.isfinite(table)):
        return False
    weights, *_ = np.linalg.lstsq(columns, change, rcond=None)
    residual = float(np.linalg.norm(columns @ weights - change))
    return residual <= CLOSE * float(np.linalg.norm(change)) and bool(np.all(weights < 0))


def _gradient(program: Program, ids: Iterable[int], before: int, after: int) -> np.ndarray | None:
    """The gradient of the loss that was computed last before an update."""
    mine = [id for id in ids if before in program.behind[id]]
    earlier = [id for id in mine if id < after]
    if not mine:
        return None
    loss = max(earlier) if earlier else min(mine)
    seeds = {loss: np.ones(program.tape.value(loss).shape)}
    return true_gradients(program.tape, seeds, {before}, program.cut).totals.get(before)


def _holds_target(program: Program, attempt: Attempt, root: int) -> bool:
    """Whether the update follows the gradient where the largest of several values is held fixed, as in Q-learning."""
    rates = []
    for looked in attempt.gradients.looked:
        fixed = {id for id in looked.forward if program.tape.op(id) in ("max", "nanmax", "min")}
        if not fixed:
            return False
        before, after = looked.before[root], looked.after[root]
        truth = true_gradients(program.tape, looked.step.seeds, {before}, {*program.cut, *fixed} - {before})
        gradient = truth.totals.get(before)
        change = program.tape.value(after).astype(np.float64) - program.tape.value(before)
        if gradient is None or gradient.shape != change.shape or not np.any(gradient):
            return False
        rate = float(np.sum(change * gradient) / np.sum(gradient * gradient))
        if np.linalg.norm(change - rate * gradient) > CLOSE * np.linalg.norm(change):
            return False
        rates.append(rate)
    return max(rates) < 0


def is_split_by_path(attempt: Attempt, spot: Spot) -> bool:
    """Whether something behind an update is computed more often than the parameter is used.

    Then gradients are computed for each path, as in truncated backpropagation through time, and are not those of values.
    """
    looked, tape = attempt.gradients.looked[0], attempt.gradients.tape
    times = Counter(tape.key(id) for id in looked.behind[spot.root])
    uses = sum(of == looked.before[spot.root] for of, _ in looked.truth.uses)
    return max(times.values(), default=0) > uses > 1


def uses_new_values(attempt: Attempt, root: int) -> bool:
    """Whether an update was computed with other parameters after their updates: one after the other, maybe on purpose."""
    looked = attempt.gradients.looked[0]
    new = set(looked.after.values()) - {looked.after[root]}
    return any(operand in new for id in looked.behind[root] for operand in attempt.gradients.tape.inputs[id])


def _follows_part(attempts: Sequence[Attempt], attempt: Attempt, root: int) -> bool:
    """Whether the update follows a part of the loss that has a name, and the rest is more than a penalty of the parameter."""
    looked = attempt.gradients.looked[0]
    tape = attempt.gradients.tape
    for part in attempts:
        if part.measure == attempt.measure or root not in part.judgement.follows:
            continue
        mine = part.gradients.looked[0].forward
        before = looked.before[root]
        extra = {rule for of, rule in looked.truth.uses if of == before and rule not in mine}
        behind = tape.dependents(extra, looked.forward) - mine
        others = (each for id in behind for each in tape.inputs[id] if each not in looked.forward)
        if not extra or any(tape.value(each).size > 1 for each in others):
            return True
    return False


def is_of_same_data(own: Attempt, implied: Attempt) -> bool:
    """Whether a loss is computed of as many residuals as updates follow, and of all the data that these have.

    Then it is no validation: the program may take one thing for another in its backward pass, such as a column of its data.
    """
    tape, mine, theirs = own.gradients.tape, own.gradients.looked[0], implied.gradients.looked[0]
    residuals = [
        id for id in mine.forward if tape.op(id) == "subtract" and sum(each in mine.forward for each in tape.inputs[id]) == 1
    ]
    if sum(tape.value(id).size for id in residuals) != sum(seed.size for seed in theirs.step.seeds.values()):
        return False
    return _data_of(implied, theirs) <= _data_of(own, mine)


def _data_of(attempt: Attempt, looked: Looked) -> set[float]:
    """All numbers that the forward pass takes in beside the parameters, with the targets of an implied loss."""
    tape = attempt.gradients.tape
    taken = {
        each for id in looked.forward - set(looked.before.values()) for each in tape.inputs[id] if each not in looked.forward
    }
    arrays = [tape.value(id) for id in taken]
    if attempt.implied is not None:
        residual = attempt.implied.residual
        arrays += [
            target for output, target in zip(residual.outputs, residual.targets, strict=True) if output in looked.step.seeds
        ]
    return {float(number) for array in arrays if array.dtype.kind in "fiu" for number in array.ravel()}


def is_of_same_outputs(own: Attempt, implied: Attempt) -> bool:
    """Whether a loss is computed of the outputs that a residual is: not of other data, or with other values of the parameters."""
    assert implied.implied is not None
    tape, outputs = own.gradients.tape, set(implied.implied.residual.outputs)
    forward = [id for each in own.gradients.looked for id in each.truth.forward]
    if any(id in outputs for id in forward):
        return True
    values = {tape.value(id).tobytes() for id in outputs}
    return 2 * own.updates >= implied.updates and any(tape.value(id).tobytes() in values for id in forward)
