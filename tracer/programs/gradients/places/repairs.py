"""Verifies by repair: an edit of a statement is shown only if the update then follows the true gradient, in two steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic

import numpy as np

from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.increments import entry
from tracer.programs.gradients.matching import Label, Looked, parameter_label
from tracer.programs.gradients.places.derivatives import Edit
from tracer.programs.gradients.places.edits import Editor
from tracer.programs.gradients.places.locating import Spot
from tracer.programs.gradients.places.replaying import replay

MAX_SECONDS = 2.0
"""Time in which edits of a statement are tried."""

MIN_STEPS = 2
"""Steps in which a repair has to be right."""

CLOSE = 1e-6
"""Relative difference that a repaired gradient may have from the true one."""


def find_repair(attempt: Attempt, spot: Spot, *, only_turned: bool = False) -> Edit | None:
    """The first edit of the statement after which the update is right; None if there is none.

    With `only_turned`, a result is only turned around: what it is computed from is the gradient already.
    """
    editor = Editor(attempt.gradients, spot)
    found: list[Edit] = []
    until = monotonic() + MAX_SECONDS
    for edit in editor.turned() if only_turned else editor.edits():
        if monotonic() > until:
            break
        if is_right(attempt, spot, editor.result, edit.apply):
            found.append(edit)
            if edit.rank <= 0.5:
                break
    return min(found, key=lambda edit: edit.rank, default=None)


def is_right(attempt: Attempt, spot: Spot, label: Label, apply: Callable[[Looked], np.ndarray | None]) -> bool:
    """Whether updates follow the gradient at the rate of the others, if a value is replaced by what `apply` says."""

    tape = attempt.gradients.tape

    def updated(looked: Looked) -> np.ndarray | None:
        value = apply(looked)
        if value is None or not np.all(np.isfinite(value)):
            return None
        return replay(tape, looked.after[spot.root], looked.behind[spot.root], {looked.ids[label]: value})

    def without_decay(looked: Looked) -> np.ndarray | None:
        """The update without what does not come from the statement: weight decay, a velocity."""
        here, value = looked.ids.get(first), updated(looked)
        if here is None or value is None:
            return None
        zero = np.zeros_like(tape.value(here))
        rest = replay(tape, looked.after[spot.root], looked.behind[spot.root], {here: zero})
        return None if rest is None or rest.shape != value.shape else value - rest + tape.value(looked.before[spot.root])

    if is_right_update(attempt, spot.root, updated):
        return True
    first = attempt.gradients.looked[0].labels[spot.id]
    if not attempt.judgement.through:
        return False
    return is_right_update(attempt, spot.root, without_decay) or _is_gradient(attempt, spot, apply)


def _is_gradient(attempt: Attempt, spot: Spot, apply: Callable[[Looked], np.ndarray | None]) -> bool:
    """Whether the edited result is the gradient of the parameter, with the factor that it has for other parameters."""
    gradients = attempt.gradients
    values = [value for looked in gradients.looked for value in [apply(looked)] if value is not None]
    if not spot.is_whole or len(values) < max(MIN_STEPS, len(gradients.looked)):
        return False
    usual = {abs(factor) for root in attempt.judgement.follows for factor in [entry(gradients, root)[1]] if factor}
    return any(
        match.target == (parameter_label(spot.root), None) and any(abs(match.factor / each - 1) < 1e-3 for each in usual)
        for match in gradients.matching(values)
    )


def is_right_update(attempt: Attempt, root: int, updated: Callable[[Looked], np.ndarray | None]) -> bool:
    """Whether the updated values of a parameter follow the gradient at the rate of the others."""
    if len(attempt.gradients.looked) < MIN_STEPS:
        return False
    factors: list[float] = []
    for position, looked in enumerate(attempt.gradients.looked):
        value = updated(looked)
        factor = None if value is None else _factor(attempt, looked, position, root, value)
        if factor is None:
            return False
        if not np.isnan(factor):
            factors.append(factor)
    spread = 2e-2 if attempt.judgement.through else 1e-4
    return len(factors) >= MIN_STEPS and max(factors) - min(factors) <= spread * abs(factors[0]) and factors[0] > 0


def _factor(attempt: Attempt, looked: Looked, position: int, root: int, repaired: np.ndarray) -> float | None:
    """The rate of the repaired update relative to that of the others; None if it is no multiple of the gradient, nan if 0."""
    tape = attempt.gradients.tape
    before = tape.value(looked.before[root])
    gradient = looked.truth.totals.get(looked.before[root])
    if gradient is None:
        return np.nan
    if repaired.shape != before.shape:
        return None
    change = repaired.astype(np.float64) - before
    size = float(np.linalg.norm(gradient))
    if size < 1e-13:
        return np.nan
    rate = -float(np.sum(change * gradient)) / size**2
    noise = float(np.finfo(np.float64).eps * np.linalg.norm(before))
    if np.linalg.norm(change + rate * gradient) > CLOSE * np.linalg.norm(change) + 4 * noise or rate == 0:
        return None
    judged = attempt.judgement
    usual = [judged.rates[one][position] for one in judged.follows if one in judged.rates]
    usual = [each for each in usual if not np.isnan(each)]
    if not usual:
        return rate
    # With weight decay the others do not move along their gradients alone.
    tolerance = 2e-2 if judged.through else 1e-3
    return rate / float(np.median(usual)) if abs(rate / float(np.median(usual)) - 1) <= tolerance else None


def replaced_text(statement: str, replaces: tuple[str, str] | None) -> str:
    """A statement with one name replaced; empty if that cannot be done.

    >>> replaced_text("dW1 = X.T @ dW2", ("dW2", "dz1"))
    'dW1 = X.T @ dz1'
    >>> replaced_text("grads.append(x)", ("W", "b"))
    ''
    """
    if replaces is None:
        return ""
    old, new = replaces
    pattern = rf"(?<![\w.]){re.escape(old)}(?![\w])"
    target, equals, value = statement.partition("=") if "=" in statement else ("", "", statement)
    if not re.search(pattern, value):
        return ""
    return f"{target}{equals}{re.sub(pattern, lambda _: new, value)}"
