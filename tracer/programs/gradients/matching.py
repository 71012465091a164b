"""Which values of a program are gradients: compared by value over several steps, up to one factor and a transpose."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.programs.gradients.steps import Step
from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.gradients.truth import Truth, true_gradients
from tracer.programs.gradients.updates import Updates

TOLERANCE = 1e-4
"""Relative difference of arrays that are taken for the same: a program may add 1e-7 to what it divides by."""

SCALAR_TOLERANCE = 1e-5
"""Relative difference of numbers that are taken for the same."""

NUMBER_TOLERANCE = 1e-3
"""Relative difference of a single number in one of the steps."""

MIN_NUMBERS = 3
"""Numbers that have to agree up to one factor."""

Label = tuple[Key, int]
"""What entries of different steps are alike: the code position, and the how manieth time in the step."""

Target = tuple[Label, Label | None]
"""A gradient: with respect to an entry, in total, or what one operation contributes to it."""


@dataclass(frozen=True, slots=True)
class Match:
    """A value is a factor times a gradient."""

    target: Target
    factor: float
    is_transposed: bool = False


class Looked:
    """A step that is looked at: its true gradients, and the entries of its backward pass and update by parameter."""

    def __init__(self, tape: ProgramTape, step: Step, updates: Updates, cut: Collection[int]) -> None:
        self.step = step
        self.truth: Truth = true_gradients(tape, step.seeds, set(step.updated), cut)
        self.forward = set(self.truth.forward)
        users = (user for before in step.updated for user in tape.users[before] if before in tape.varying(user))
        self.start = min(users, default=0)
        self.behind: dict[int, set[int]] = {}
        for before, after in step.updated.items():
            # Values between the two belong to the update: it may write one element after the other.
            between = {id for id in cut if before < id <= after and updates.roots.get(id) == updates.roots[before]}
            stop = (self.forward | set(cut)) - between
            found = tape.ancestors([after], stop=stop, since=self.start)
            self.behind[updates.roots[before]] = {id for id in found if id not in stop}
        self.backward: set[int] = set().union(*self.behind.values())
        self.before = {updates.roots[before]: before for before in step.updated}
        self.after = {updates.roots[before]: after for before, after in step.updated.items()}
        self.labels: dict[int, Label] = {}
        self.ids: dict[Label, int] = {}
        counts: Counter[Key] = Counter()
        for id in sorted(self.forward | self.backward):
            key = tape.key(id)
            if id in self.before.values():
                key = Key("parameter", next(root for root, before in self.before.items() if before == id), -1)
            self.labels[id] = key, counts[key]
            self.ids[key, counts[key]] = id
            counts[key] += 1


class Gradients:
    """The true gradients of several steps, and the values that are a factor times one of them."""

    def __init__(self, tape: ProgramTape, looked: Sequence[Looked]) -> None:
        self.tape = tape
        self.looked = looked
        # In the order of the first step, the latest first: `z` of `z = x @ W + b` before `x @ W`, which has the same gradient.
        self.common = {label: None for label in reversed(looked[0].ids if looked else {}) if self._is_common(label)}
        self._matches: dict[Label, list[Match]] = {}
        self._tables = self._index()

    def _is_common(self, label: Label) -> bool:
        """Whether an entry is in every step, with the same size."""
        ids = [each.ids.get(label) for each in self.looked]
        return None not in ids and len({self.tape.value(id).size for id in ids if id is not None}) == 1

    @property
    def problem(self) -> str:
        """Why the true gradients are not known; empty if they are."""
        return next((each.truth.problem for each in self.looked if each.truth.problem), "")

    def value(self, label: Label) -> list[np.ndarray]:
        """The values of an entry in the steps."""
        return [self.tape.value(each.ids[label]) for each in self.looked]

    def gradient(self, target: Target) -> list[np.ndarray] | None:
        """A gradient in the steps; None if it is not there in all of them."""
        of, rule = target
        found = []
        for each in self.looked:
            id = each.ids.get(of)
            user = None if rule is None else each.ids.get(rule)
            if id is None or (rule is not None and user is None):
                return None
            array = each.truth.totals.get(id) if user is None else each.truth.uses.get((id, user))
            if array is None:
                return None
            found.append(array)
        return found

    def targets(self) -> Iterable[Target]:
        """All gradients: totals first."""
        for label in self.common:
            yield label, None
        if self.looked:
            first = self.looked[0]
            for of, rule in first.truth.uses:
                if of in first.labels and rule in first.labels:
                    yield first.labels[of], first.labels[rule]

    def matches(self, label: Label) -> list[Match]:
        """The gradients that the value of an entry is a factor times, those with factor 1 first."""
        if label not in self._matches:
            self._matches[label] = self.matching(self.value(label)) if label in self.common else []
        return self._matches[label]

    def matches_of(self, label: Label, targets: Collection[Target]) -> list[Match]:
        """Those of `matches` that are of some gradients."""
        ids = self.looked[0].ids
        sizes = {self.tape.value(ids[of]).size for of, _ in targets if of in ids}
        if label not in ids or self.tape.value(ids[label]).size not in sizes:
            return []  # without a comparison with all gradients of its size
        return [match for match in self.matches(label) if match.target in targets]

    def matching(self, values: Sequence[np.ndarray]) -> list[Match]:
        """The gradients that values, one for each step, are a factor times."""
        vector = _joined(values)
        if vector is None or vector.size not in self._tables:
            return []
        rows, names, norms = self._tables[vector.size]
        norm = float(np.linalg.norm(vector))
        cosines = rows @ (vector / norm)
        tolerance = SCALAR_TOLERANCE if values[0].size == 1 else TOLERANCE
        near = np.flatnonzero(1 - np.abs(cosines) <= tolerance**2)
        found = []
        for row in near:
            residual = vector / norm - cosines[row] * rows[row]
            if np.linalg.norm(residual) <= tolerance and (values[0].size > 1 or _agree_in_each(vector / norm, residual)):
                target, is_transposed = names[row]
                found.append(Match(target, float(cosines[row] * norm / norms[row]), is_transposed))
        return sorted(found, key=lambda each: (abs(each.factor - 1) > 1e-6, each.target[1] is not None))

    def _index(self) -> dict[int, tuple[np.ndarray, list[tuple[Target, bool]], list[float]]]:
        rows: dict[int, list[np.ndarray]] = defaultdict(list)
        names: dict[int, list[tuple[Target, bool]]] = defaultdict(list)
        norms: dict[int, list[float]] = defaultdict(list)
        for target in self.targets():
            arrays = self.gradient(target)
            if arrays is None:
                continue
            for is_transposed in (False, True):
                if is_transposed and not (arrays[0].ndim == 2 and min(arrays[0].shape) > 1):
                    continue
                vector = _joined([array.T for array in arrays] if is_transposed else arrays)
                if vector is not None:
                    norm = float(np.linalg.norm(vector))
                    rows[vector.size].append(vector / norm)
                    names[vector.size].append((target, is_transposed))
                    norms[vector.size].append(norm)
        return {size: (np.stack(found), names[size], norms[size]) for size, found in rows.items()}


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray | None:
    """Values of several steps as one vector; None if they say nothing: all alike, too few, not finite."""
    if any(array.dtype.kind not in "fiu" for array in arrays):
        return None
    vector = np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])
    if vector.size < MIN_NUMBERS or not np.all(np.isfinite(vector)) or np.ptp(vector) <= 1e-12 * np.max(np.abs(vector)):
        return None
    return None if float(np.linalg.norm(vector)) < 1e-150 else vector


def _agree_in_each(numbers: np.ndarray, differences: np.ndarray) -> bool:
    """Whether numbers agree in each step: where training diverges, those of the last step outweigh all others."""
    return bool(np.all(np.abs(differences) <= NUMBER_TOLERANCE * np.abs(numbers) + 1e-12))


def parameter_label(root: int) -> Label:
    """The label of a parameter, by its first value."""
    return Key("parameter", root, -1), 0
