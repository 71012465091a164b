"""The losses that updates are held against, one after the other: those that the program computes, and implied ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracer.programs.gradients.implied import Implied, implied_losses, residuals_of
from tracer.programs.gradients.judging import Judgement, judge
from tracer.programs.gradients.losses import NamedLoss, dependents, find_losses, printed_losses
from tracer.programs.gradients.matching import Gradients, Looked
from tracer.programs.gradients.report import Measure
from tracer.programs.gradients.steps import (
    Step,
    chosen_steps,
    parameter_roots,
    parameters_behind,
    states,
    steps_of,
    versions_used,
)
from tracer.programs.gradients.tape import ProgramTape
from tracer.programs.gradients.updates import Updates, find_updates

MAX_TIMES = 600
"""Times that a loss is computed, of those that are looked at."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Updates held against one loss: a few of its `steps` closely.

    `implied` is the hypothesis of a loss that the program does not compute.
    """

    measure: Measure
    gradients: Gradients
    judgement: Judgement
    times: frozenset[int]
    steps: Sequence[Step]
    implied: Implied | None = None
    is_maximised: bool = False

    @property
    def updates(self) -> int:
        """The number of updates in all steps."""
        return sum(len(step.updated) for step in self.steps)

    @property
    def score(self) -> tuple[int, int, int]:
        """How well it explains the updates: parameters that follow, numbers in them, values that are gradients."""
        found, tape = self.judgement, self.gradients.tape
        matched = {label for each in self.gradients.looked[:1] for id, label in each.labels.items() if id in each.backward}
        return (
            len(found.follows) + len(found.uneven),
            sum(tape.value(root).size for root in found.follows),
            sum(bool(self.gradients.matches(label)) for label in matched),
        )


def likeliest(attempts: Sequence[Attempt]) -> Attempt:
    """The attempt that explains the updates best; the first of equals."""
    return attempts[0] if len(attempts) == 1 else max(attempts, key=lambda each: each.score)


MAX_TRIED = 40
"""Times that a loss is computed, of those by which parameters are found."""


def spread(ids: Sequence[int], count: int) -> list[int]:
    """Some of many: the first half of them from the start, the others from all of the rest."""
    if len(ids) <= count:
        return list(ids)
    rest = ids[count // 2 :]
    return [*ids[: count // 2], *rest[:: max(1, len(rest) // (count // 2))]]


def _is_finite(looked: Looked) -> bool:
    """Whether training has not gone wrong yet at a step: all gradients of parameters are finite."""
    totals = looked.truth.totals
    return all(bool(np.all(np.isfinite(totals[id]))) for id in looked.before.values() if id in totals)


class Program:
    """A recorded program with its updates, losses and parameters. `wanted` is the name of the loss, if it is given."""

    def __init__(self, tape: ProgramTape, wanted: str | None = None, updates: Updates | None = None) -> None:
        self.tape = tape
        self.wanted = wanted
        self.updates: Updates = find_updates(tape) if updates is None else updates
        self.depends: Sequence[int] = dependents(tape, self.updates)
        self.losses = find_losses(tape, self.depends, wanted)
        self.printed_losses = [] if wanted is not None else printed_losses(tape, self.depends)
        self.residuals = residuals_of(tape, self.updates, self.depends)
        self.roots: set[int] = set()
        together: list[set[int]] = []
        for ids in [each.ids for each in (*self.losses, *self.printed_losses)] + [each.outputs for each in self.residuals]:
            used = versions_used(tape, spread(ids, MAX_TRIED), self.updates)
            self.roots |= parameter_roots(tape, used, self.updates)
            together += used.values()
        self.roots -= states(tape, self.updates, self.roots, together)
        self.behind = parameters_behind(tape, self.updates, self.roots)
        self.cut = {id for id, root in self.updates.roots.items() if root in self.roots}

    def used(self, losses: Iterable[int]) -> dict[int, frozenset[int]]:
        """The values of parameters that losses were computed with directly."""
        return {loss: self.behind[loss] for loss in losses}

    def attempt(
        self,
        measure: Measure,
        seeds: Mapping[int, tuple[int, np.ndarray]],
        *,
        add_up: bool = False,
        implied: Implied | None = None,
        is_maximised: bool = False,
    ) -> Attempt | None:
        """Hold the updates against a loss; None if none of them can be."""
        steps = steps_of(self.used(seeds), self.updates, self.roots, seeds, add_up=add_up)
        if add_up and all(len(step.seeds) < 2 for step in steps):
            return None
        looked = list(self._looked(chosen_steps(steps)))
        looked = [each for each in looked if _is_finite(each)] or looked[:1]
        if not looked:
            return None
        gradients = Gradients(self.tape, looked)
        judgement = judge(gradients, is_maximised=is_maximised)
        return Attempt(measure, gradients, judgement, frozenset(seeds), steps, implied, is_maximised)

    def _looked(self, steps: Sequence[Step]) -> Iterator[Looked]:
        for step in steps:
            each = Looked(self.tape, step, self.updates, self.cut)
            if each.truth.totals or each.truth.problem:
                yield each

    @cached_property
    def computed(self) -> Sequence[Attempt]:
        """The attempts with the losses that the program computes."""
        return self._attempts(self.losses)

    @cached_property
    def printed(self) -> Sequence[Attempt]:
        """The attempts with numbers without a name that may be losses."""
        return self._attempts(self.printed_losses)

    @cached_property
    def implied(self) -> Sequence[Attempt]:
        """The attempts with losses that residuals imply."""
        return list(self._implied())

    def _attempts(self, losses: Sequence[NamedLoss]) -> list[Attempt]:
        found = []
        for loss in losses:
            seeds = {id: (id, np.ones(self.tape.value(id).shape)) for id in loss.ids[:MAX_TIMES]}
            for add_up in (False, True):
                measure = Measure(loss.name, loss.line)
                attempt = self.attempt(measure, seeds, add_up=add_up, is_maximised=loss.is_maximised)
                if attempt is not None:
                    found.append(attempt)
        return found

    def _implied(self) -> Iterator[Attempt]:
        for residual in self.residuals:
            line = self.tape.line(residual.ids[0])
            name = self.tape.name(residual.ids[0]) or self.tape.text(residual.ids[0])
            for hypothesis in implied_losses(self.tape, residual, self.cut, self.depends):
                seeds = {
                    output: (at, hypothesis.sign * value)
                    for output, at, value in list(zip(residual.outputs, hypothesis.at, residual.values, strict=True))[:MAX_TIMES]
                }
                for add_up in (False, True):
                    attempt = self.attempt(Measure(name, line, hypothesis.kind), seeds, add_up=add_up, implied=hypothesis)
                    if attempt is not None:
                        yield attempt
