"""Gradients that a program computes and nothing uses: of a parameter that is not updated, or is with another one instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from tracer.graph.own_gradients import is_gradient_name
from tracer.programs.gradients.attempts import Attempt, Program
from tracer.programs.gradients.losses import last_name
from tracer.programs.gradients.matching import SCALAR_TOLERANCE, TOLERANCE, Looked
from tracer.programs.gradients.tape import Key, ProgramTape

MIN_STEPS = 2
"""Steps in which what is computed has to be a gradient."""

MIN_NUMBERS = 3
"""Numbers that have to agree up to one factor."""


def computed_gradients(
    program: Program, attempt: Attempt, gradients: Mapping[int, Sequence[np.ndarray]], names: Mapping[int, str]
) -> dict[int, int]:
    """The entry that computes the gradient of each of these values, of those for which one does that nothing is updated with."""
    tape, steps = program.tape, attempt.gradients.looked
    windows = [_window(tape, attempt, each) for each in steps]
    alike = set.intersection(*(set(each) for each in windows))
    used = {tape.statement(id) for id in steps[0].backward} - {None}
    found: dict[int, int] = {}
    for label in sorted(alike, key=lambda each: windows[0][each]):
        ids = [window[label] for window in windows]
        values = [tape.value(id) for id in ids]
        for of, true in gradients.items():
            if of in found or not _are_multiples(values, true):
                continue
            is_named = is_gradient_of(tape.name(ids[0]), names[of])
            is_beside = tape.statement(ids[0]) in used and _is_of_parameter(attempt, label[0])
            if is_named or is_beside:
                found[of] = ids[0]
    return found


def unused_gradients(program: Program, attempt: Attempt, root: int) -> Iterator[str]:
    """The variables that have the gradient of a parameter, of which its update is not made."""
    steps = attempt.gradients.looked
    totals = [looked.truth.totals.get(looked.before[root]) for looked in steps]
    true = [np.asarray(each, np.float64) for each in totals if each is not None]
    if len(true) < max(MIN_STEPS, len(steps)):
        return
    windows = [_window(program.tape, attempt, each) for each in steps]
    alike = set.intersection(*(set(each) for each in windows))
    for label in sorted(alike, key=lambda each: windows[0][each]):
        name = program.tape.name(windows[0][label])
        if name and _are_multiples([program.tape.value(window[label]) for window in windows], true):
            yield name


def is_gradient_of(name: str, of: str) -> bool:
    """Whether a variable is called as the gradient of another one: by its name, or as an element of a container of gradients.

    >>> [is_gradient_of(*names) for names in (("db1", "b1"), ("grads['b1']", "p['b1']"), ("db2", "b1"), ("self.db", "self.b"))]
    [True, True, False, True]
    """
    if not name or name == of:
        return False
    mine, theirs = last_name(name), last_name(of)
    return is_gradient_name(mine, theirs) or ("[" in name and mine == theirs) or mine in (f"g{theirs}", f"{theirs}_gradient")


def _is_of_parameter(attempt: Attempt, key: Key) -> bool:
    """Whether what the same expression computes elsewhere is the gradient of a parameter, if it computes one at all."""
    looked = attempt.gradients.looked[0]
    for id in looked.backward:
        other = attempt.gradients.tape.key(id)
        if (other.op, other.offset) == (key.op, key.offset):
            targets = [match.target for match in attempt.gradients.matches(looked.labels[id])]
            if targets and not any(of[0].op == "parameter" for of, _ in targets):
                return False
    return True


def _window(tape: ProgramTape, attempt: Attempt, looked: Looked) -> dict[tuple[Key, int], int]:
    """What a step computes beside its forward pass and its updates, by code position: up to the next loss."""
    last = max(looked.after.values())
    end = min((id for id in attempt.times if id > last), default=len(tape))
    counts: Counter[Key] = Counter()
    found = {}
    for id in range(looked.start, end):
        if tape.op_class(id) is None or id in looked.forward or id in looked.backward:
            continue
        key = tape.key(id)
        found[key, counts[key]] = id
        counts[key] += 1
    return found


def _are_multiples(values: Sequence[np.ndarray], true: Sequence[np.ndarray]) -> bool:
    """Whether values are one positive factor times gradients in all steps."""
    if any(one.size != other.size or one.dtype.kind != "f" for one, other in zip(values, true, strict=True)):
        return False
    mine, theirs = (_joined(each) for each in (values, true))
    sizes = float(np.linalg.norm(mine) * np.linalg.norm(theirs))
    if mine.size < MIN_NUMBERS or not np.isfinite(sizes) or sizes < 1e-200:
        return False
    factor = float(mine @ theirs) / float(theirs @ theirs)
    tolerance = SCALAR_TOLERANCE if values[0].size == 1 else TOLERANCE
    return factor > 0 and float(np.linalg.norm(mine - factor * theirs)) <= tolerance * float(np.linalg.norm(mine))


def _joined(arrays: Collection[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])
