"""Where a factor comes in that some gradients have and others have not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.increments import base_factor, entry, increments
from tracer.programs.gradients.places.locating import Spot

_NEAR = 1e-3


@dataclass(frozen=True, slots=True)
class FactorSpot:
    """A statement that brings in a factor: the spot, the factor that the gradient has too much, and the parameters."""

    spot: Spot
    factor: float
    roots: tuple[int, ...]


def factor_spots(attempt: Attempt) -> list[FactorSpot] | None:
    """Where the factors come in by which gradients of parameters differ; None if it cannot be told which of them are right."""
    found = attempt.judgement
    entries = {
        root: (entry(attempt.gradients, root)[0], base_factor(attempt.gradients, root))
        for root in [*found.follows, *found.uneven]
    }
    groups: dict[float, list[int]] = {}
    for root, ratio in [*((root, 1.0) for root in found.follows), *found.uneven.items()]:
        key = next((key for key in groups if abs(key - ratio) <= _NEAR * abs(ratio)), ratio)
        groups.setdefault(key, []).append(root)
    right = [ratio for ratio, roots in groups.items() if all(_is_one(entries[root][1]) for root in roots)]
    if len(right) != 1:
        sizes = sorted(groups, key=lambda ratio: (ratio > 0, len(groups[ratio])), reverse=True)
        if len(groups) > 1 and len(groups[sizes[0]]) == len(groups[sizes[1]]) and sizes[1] > 0:
            return None
        right = sizes[:1]
    reference = right[0]
    spots = []
    for ratio, roots in groups.items():
        if ratio == reference:
            continue
        usual = entries[groups[reference][0]][1]
        if usual is not None and all(_is_same(entries[root][1], usual) for root in roots):
            # The gradients are alike, also in their sign: it is the update that differs.
            looked = attempt.gradients.looked[0]
            for root in roots:
                after = looked.after[root]
                spots.append(FactorSpot(Spot(root, after, after, True), ratio / reference, (root,)))
        else:
            spots += _spots(attempt, roots, ratio / reference, groups[reference], {root: entries[root][0] for root in roots})
    return sorted(spots, key=lambda each: each.spot.id)


def _is_same(factor: float | None, usual: float) -> bool:
    return factor is not None and abs(factor / usual - 1) <= _NEAR


def _is_one(factor: float | None) -> bool:
    return factor is not None and abs(abs(factor) - 1) <= _NEAR


def _spots(
    attempt: Attempt, roots: list[int], factor: float, others: list[int], entries: dict[int, int | None]
) -> list[FactorSpot]:
    looked = attempt.gradients.looked[0]
    shared: set[int] = set().union(*(looked.behind[root] for root in others)) if others else set()
    votes: Counter[int] = Counter()
    mine: dict[int, list[int]] = {}
    for root in roots:
        mine[root] = [id for id in _changes(attempt, root, factor) if id not in shared]
        votes.update(mine[root])
    found: dict[int, list[int]] = {}
    for root in roots:
        best = max(mine[root], key=lambda id: (votes[id], -id), default=None)
        place = best if best is not None else entries[root]
        found.setdefault(looked.after[root] if place is None else place, []).append(root)
    tape = attempt.gradients.tape
    return [FactorSpot(Spot(of[0], id, id, id in increments(tape, looked, of[0])), factor, tuple(of)) for id, of in found.items()]


def _changes(attempt: Attempt, root: int, factor: float) -> list[int]:
    """The values behind an update that have a factor more than the gradients that they were computed from."""
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    tape = gradients.tape
    own: dict[int, float] = {}
    found = []
    for id in sorted(looked.behind[root]):
        before = [own[operand] for operand in tape.inputs[id] if operand in own]
        matches = gradients.matches(looked.labels[id]) if id != looked.after[root] else []
        if matches:
            given = before[0] if before else 1.0
            chosen = min(matches, key=lambda each: abs(abs(each.factor / given) - 1))
            own[id] = chosen.factor
            if abs(chosen.factor / given - factor) <= _NEAR * abs(factor):
                found.append(id)
        elif before:
            own[id] = before[0]
    return found


def sign_change(attempt: Attempt, root: int) -> int | None:
    """The first value behind an update that is minus a gradient; None if what the update takes for the gradient is not."""
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    factor = base_factor(gradients, root)
    if factor is None or factor > 0:
        return None
    negative: dict[int, bool] = {}
    for id in sorted(looked.behind[root]):
        matches = gradients.matches(looked.labels[id]) if id != looked.after[root] else []
        if matches:
            negative[id] = all(match.factor < 0 for match in matches)
    found = [id for id, is_negative in negative.items() if is_negative]
    return found[0] if found and not any(negative[id] is False for id in negative if id > found[0]) else None
