"""The check of a scenario: its first step, at its own parameters and at others that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tracer.checking.function import check_repeats, check_stays_on_record
from tracer.checking.gradients import check_step
from tracer.checking.perturbation import perturbed
from tracer.checking.results import Check, severity
from tracer.graph.record import Step
from tracer.training import Training
from tracer.training.loading import is_path, load

HALVINGS = 20
"""How often drawn parameters are brought nearer to the initial ones where the loss is not finite."""


@dataclass(frozen=True, slots=True)
class CheckSubject:
    """What is checked: a scenario by name or path, and the settings of its run. The same subject gives the same numbers."""

    scenario: str
    seed: int = 0
    dtype: str = "float64"
    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: str | None = None
    data: str | None = None

    def from_anywhere(self) -> CheckSubject:
        """The same with absolute paths, for a process that runs in another folder."""
        scenario, parameters, data = (
            str(Path(text).absolute()) if text is not None else None
            for text in (self.scenario if is_path(self.scenario) else None, self.parameters, self.data)
        )
        return replace(self, scenario=scenario or self.scenario, parameters=parameters, data=data)

    def training(self, parameters: Mapping[str, Any] | None = None) -> Training:
        """A run of one step, from other parameters where they are given."""
        return Training(
            load(self.scenario),
            steps=1,
            seed=self.seed,
            dtype=self.dtype,
            settings=dict(self.settings),
            parameters=parameters if parameters is not None else self.parameters,
            data=self.data,
        )

    def step(self, example: int = 0) -> Step:
        """The recorded step at the scenario's own parameters (example 0), or at others drawn for that example."""
        training = self.training()
        if example == 0:
            return next(iter(training))
        rng = np.random.default_rng([self.seed, example])
        initial = training.parameters
        drawn = {name: _drawn(value, rng) for name, value in initial.items()}
        for _ in range(HALVINGS):
            step = next(iter(self.training(drawn)))
            if np.isfinite(step.loss):
                break
            drawn = {name: (initial[name] + value) / 2 for name, value in drawn.items()}
        return step


def check_record(subject: CheckSubject) -> Step:
    """The recorded step of a scenario. Raises UsageError where it is another one when it is run again, or leaves the record."""
    training = subject.training()
    parameters = training.parameters
    step = next(iter(training))
    check_repeats(step, subject.step(), f"the scenario {training.head.scenario}")
    rng = np.random.default_rng(subject.seed)
    moved = {name: perturbed(value, rng) for name, value in parameters.items()}
    check_stays_on_record(step, next(iter(subject.training(moved))))
    return step


def check_scenario(
    subject: CheckSubject,
    *,
    second_order: bool = False,
    examples: int = 1,
    after_each: Callable[[], None] = lambda: None,
) -> tuple[Check, int]:
    """Check a scenario at so many sets of parameters: the worst of every comparison, and how many sets were checked.

    The first are its own. Ends with the first set at which something is wrong.
    """
    total = check_step(check_record(subject), second_order=second_order, seed=subject.seed)
    after_each()
    for example in range(1, examples):
        if not total.passed:
            return total, example
        found = check_step(subject.step(example), second_order=second_order, seed=subject.seed + example)
        total = worst_of_both(total, found)
        after_each()
    return total, examples


def worst_of_both(one: Check, other: Check) -> Check:
    """Two checks of the same comparisons as one, each with the larger of its errors."""
    worst = tuple(max(pair, key=severity) for pair in zip(one.comparisons, other.comparisons, strict=True))
    return replace(one, comparisons=worst, rules=max(one.rules, other.rules), faults=one.faults + other.faults)


def _drawn(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Other numbers of about the same size."""
    spread = float(np.std(value)) or float(np.max(np.abs(value), initial=0.0)) or 1.0
    return np.asarray(np.mean(value) + spread * rng.normal(size=value.shape), dtype=value.dtype)
