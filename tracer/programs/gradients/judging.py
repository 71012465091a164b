"""Judges updates: whether they follow the gradient at one learning rate, in a way of their own, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tracer.programs.gradients.increments import base_factor, rate_numbers
from tracer.programs.gradients.matching import TOLERANCE, Gradients, Looked, parameter_label
from tracer.programs.gradients.through import passes_through, turns_signs

MIN_STEPS = 3
"""Steps in which a single number has to move at the same rate."""

MAX_OTHER = 0.2
"""Part of the steps in which an update may be none along the gradient."""

RATE_TOLERANCE = 1e-3
"""Relative difference of learning rates that are taken for the same."""


SAME_RATE = 1e-6
"""Relative difference of the learning rate of a single number from that of an array, if there are few steps to see it in."""


@dataclass(slots=True)
class Judgement:
    """What was found about the parameters, by their first values.

    `rates` are the learning rates of updates that are a factor times the gradient, `through` the parameters with momentum and the
    like, `factors` what is in the updates of the true gradient. `uneven` move at another rate than the others by this
    ratio. `still` are unknown as they do not move, and have no gradient either, `turned` as a part of their first update goes
    uphill, though the rest goes downhill.
    """

    rates: dict[int, list[float]] = field(default_factory=dict)
    through: set[int] = field(default_factory=set)
    factors: dict[int, list[float]] = field(default_factory=dict)
    follows: set[int] = field(default_factory=set)
    uneven: dict[int, float] = field(default_factory=dict)
    bad: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    still: set[int] = field(default_factory=set)
    turned: set[int] = field(default_factory=set)
    is_uphill: bool = False

    def is_good(self, is_maximised: bool = False) -> bool:
        """Whether all updates follow the gradient, uphill if that is wanted."""
        is_known = self.unknown <= self.still
        return bool(self.follows) and is_known and not self.bad and not self.uneven and self.is_uphill is is_maximised


def judge(gradients: Gradients, *, is_maximised: bool = False) -> Judgement:
    """Judge the updates of the steps that are looked at; those of a loss that is to be large go uphill."""
    found = Judgement()
    roots = sorted(set.intersection(*(set(each.after) for each in gradients.looked)))
    sizes = {root: gradients.tape.value(root).size for root in roots}
    for root in roots:
        rates = _rates(gradients, root)
        if rates is None:
            continue
        if all(np.isnan(rates)):
            found.unknown.add(root)
            found.still.add(root)
        else:
            found.rates[root] = rates
        found.factors[root] = _factors(gradients, root)
    _compare(found, sizes, is_maximised)
    for root in roots:
        if root not in found.rates and root not in found.unknown:
            found.factors[root] = _factors(gradients, root)
            if not all(passes_through(gradients, each, root) for each in gradients.looked):
                found.bad.add(root)
            elif turns_signs(gradients, root):
                found.unknown.add(root)
                found.turned.add(root)
            else:
                found.through.add(root)
                found.follows.add(root)
    _allow_own_rates(found, gradients)
    _find_uphill(found, gradients)
    return found


def _rates(gradients: Gradients, root: int) -> list[float] | None:
    """The learning rate in each step, nan where nothing moves; None if updates are no multiples of the gradient.

    In a few steps they may be none: a copy of a parameter that is held fixed is the parameter itself at first.
    """
    rates = [_rate(gradients, each, root) for each in gradients.looked]
    if sum(rate is None for rate in rates) > len(rates) * MAX_OTHER:
        return None
    return [np.nan if rate is None else rate for rate in rates]


def _rate(gradients: Gradients, looked: Looked, root: int) -> float | None:
    before, after = looked.before[root], looked.after[root]
    return rate_of(gradients.tape.value(before), gradients.tape.value(after), looked.truth.totals.get(before))


def rate_of(before: np.ndarray, after: np.ndarray, found: np.ndarray | None) -> float | None:
    """The learning rate of an update, nan where nothing moves; None if it is no multiple of the gradient."""
    if before.shape != after.shape:
        return None
    if found is None:
        return np.nan
    change, gradient = after.astype(np.float64) - before.astype(np.float64), np.asarray(found, np.float64)
    size, moved = float(np.linalg.norm(gradient)), float(np.linalg.norm(change))
    noise = _rounding(before, after)
    if not np.isfinite(size + moved) or (size < 1e-13 and moved <= 1e-13 + noise):
        return np.nan
    if size < 1e-13:
        return None
    if moved <= noise:
        return None if moved * 1e3 < size * 1e-6 or moved == 0 else np.nan
    rate = float(np.sum(change * gradient)) / size**2
    return -rate if np.linalg.norm(change - rate * gradient) <= TOLERANCE * moved + 4 * noise else None


def _rounding(before: np.ndarray, after: np.ndarray) -> float:
    """How much of a change is due to rounding."""
    kind = after.dtype if after.dtype.kind == "f" else np.dtype(np.float64)
    return float(np.finfo(kind).eps * np.linalg.norm(np.maximum(np.abs(before), np.abs(after)).astype(np.float64)))


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """The ratio of two series of rates if it is constant; nan if nothing can be compared."""
    pairs = [(one, other) for one, other in zip(ours, theirs, strict=True) if not np.isnan(one) and not np.isnan(other) and other]
    if not pairs:
        return np.nan
    ratios = [one / other for one, other in pairs]
    middle = float(np.median(ratios))
    return middle if max(ratios) - min(ratios) <= RATE_TOLERANCE * abs(middle) else None


def _compare(found: Judgement, sizes: dict[int, int], is_maximised: bool) -> None:
    """Find the rate that most parameters have, of as many the one that goes the right way, and which have another one."""
    arrays = [root for root in found.rates if sizes[root] > 1]
    groups: list[tuple[int, bool, dict[int, float]]] = []
    for root in [root for root in found.rates if sizes[root] == 1]:
        known = np.count_nonzero(~np.isnan(found.rates[root]))
        if known < MIN_STEPS and not any(_is_same_rate(found.rates[root], found.rates[array]) for array in arrays):
            # A number is always a multiple of another one.
            del found.rates[root]
            found.unknown.add(root)
    for reference in arrays or list(found.rates):
        ratios = {}
        for root, rates in found.rates.items():
            ratio = _ratio(rates, found.rates[reference])
            if ratio is not None:
                ratios[root] = 1.0 if np.isnan(ratio) else ratio
        same = sum(abs(ratio - 1) <= RATE_TOLERANCE for ratio in ratios.values())
        if not arrays and same < 2 and _ratio(found.rates[reference], [1.0] * len(found.rates[reference])) is None:
            continue  # a single number that moves by something else each time
        is_uphill = float(np.nanmedian(found.rates[reference])) < 0
        groups.append((same, is_uphill is is_maximised, ratios))
    best = max(groups, key=lambda each: each[:2], default=(0, False, {}))[2]
    for root in list(found.rates):
        if root not in best:
            del found.rates[root]
        elif abs(best[root] - 1) <= RATE_TOLERANCE:
            found.follows.add(root)
        else:
            found.uneven[root] = best[root]


def _is_same_rate(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether a number moves at the rate of an array in every step: that is no coincidence, however few the steps are."""
    pairs = [(one, other) for one, other in zip(ours, theirs, strict=True) if not np.isnan(one) and not np.isnan(other)]
    return bool(pairs) and all(abs(one - other) <= SAME_RATE * abs(other) for one, other in pairs)


def _factors(gradients: Gradients, root: int) -> list[float]:
    """The factors with which the whole gradient of a parameter is among the values that its update is made of, earliest first."""
    looked, target = gradients.looked[0], (parameter_label(root), None)
    ids = sorted(looked.behind[root] - {looked.after[root]})
    return [match.factor for id in ids for match in gradients.matches_of(looked.labels[id], [target])]


def _allow_own_rates(found: Judgement, gradients: Gradients) -> None:
    """A parameter may have a learning rate of its own where its gradient enters with the same factor as those of the others.

    A rate that is theirs times something is none of its own: `lr * lr`, or `lr / m`.
    """
    usual = {root: base_factor(gradients, root) for root in sorted(found.follows)} if found.uneven else {}
    for root in list(found.uneven):
        mine = base_factor(gradients, root)
        if mine is None:
            del found.uneven[root]
            found.unknown.add(root)
            continue
        numbers = rate_numbers(gradients, root)
        for other, factor in usual.items():
            if factor is None or found.uneven[root] < 0 or abs(mine - factor) > RATE_TOLERANCE * abs(factor):
                continue
            theirs = rate_numbers(gradients, other)
            if not theirs <= numbers and not numbers <= theirs:
                del found.uneven[root]
                found.follows.add(root)
                break
    # Without a rate of their own, as with Adam, the factors have to be the same.
    through = [root for root in sorted(found.through) if found.factors.get(root)]
    if through:
        counts = [sum(_shares(found.factors[root], found.factors[other]) for other in through) for root in through]
        reference = found.factors[through[int(np.argmax(counts))]]
        for root in through:
            if not _shares(found.factors[root], reference):
                found.follows.discard(root)
                found.uneven[root] = found.factors[root][0] / reference[0]


def _shares(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    return any(abs(one - other) <= RATE_TOLERANCE * abs(other) for one in ours for other in theirs)


def _find_uphill(found: Judgement, gradients: Gradients) -> None:
    rates = [rate for root in found.follows if root in found.rates for rate in found.rates[root] if not np.isnan(rate)]
    if rates:
        found.is_uphill = float(np.median(rates)) < 0
        return
    signs = []
    for root in found.through:
        each = gradients.looked[0]
        gradient = each.truth.totals.get(each.before[root])
        if gradient is not None:
            change = gradients.tape.value(each.after[root]).astype(float) - gradients.tape.value(each.before[root])
            signs.append(float(np.sum(change * gradient)))
    found.is_uphill = bool(signs) and min(signs) > 0
