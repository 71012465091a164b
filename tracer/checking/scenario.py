"""Checks the first step of a scenario: at its own initial parameters, and at random ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tracer.checking.function import check_constants, check_deterministic, same_structure
from tracer.checking.gradients import check_step
from tracer.checking.perturbation import perturb
from tracer.checking.plain_run import with_plain_run
from tracer.checking.results import Check, severity
from tracer.graph.losses import passes, symbol_of
from tracer.graph.record import Step
from tracer.training import Training
from tracer.training.bundled import is_path
from tracer.training.loading import load

MAX_HALVINGS = 20
"""How often random parameters are moved halfway to the initial ones if the loss is not finite."""


@dataclass(frozen=True, slots=True)
class CheckSubject:
    """A scenario, by name or path, and the settings of its run. Equal subjects give identical numbers."""

    scenario: str
    seed: int = 0
    dtype: str = "float64"
    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: str | None = None
    data: str | None = None

    def with_absolute_paths(self) -> CheckSubject:
        """The same subject with absolute paths, for a process with another working directory."""
        scenario, parameters, data = (
            str(Path(text).absolute()) if text is not None else None
            for text in (
                self.scenario if is_path(self.scenario) and Path(self.scenario).is_file() else None,
                self.parameters,
                self.data,
            )
        )
        return replace(self, scenario=scenario or self.scenario, parameters=parameters, data=data)

    def training(self, parameters: Mapping[str, Any] | None = None) -> Training:
        """A run of one step, from the given parameters or the subject's own."""
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
        """The recorded step at the scenario's own parameters (example 0), or at random ones for that example."""
        training = self.training()
        if example == 0:
            return next(iter(training))
        rng = np.random.default_rng([self.seed, example])
        initial = training.parameters
        random = {name: _random_like(value, rng) for name, value in initial.items()}
        for _ in range(MAX_HALVINGS):
            step = next(iter(self.training(random)))
            if all(np.isfinite(one.loss) for one in passes(step)):
                break
            random = {name: (initial[name] + value) / 2 for name, value in random.items()}
        return step


def record_step(subject: CheckSubject) -> Step:
    """Record the first step of a scenario. Raises UsageError if it is not deterministic, or takes values out of the graph."""
    training = subject.training()
    parameters = training.parameters
    step = next(iter(training))
    check_deterministic(step, subject.step(), f"the scenario {training.scenario.name}")
    rng = np.random.default_rng(subject.seed)
    perturbed = {name: perturb(value, rng) for name, value in parameters.items()}
    moved = next(iter(subject.training(perturbed)))
    for one, other in zip(passes(step), passes(moved), strict=True):
        check_constants(one, other)
    return step


def check_scenario(
    subject: CheckSubject,
    *,
    second_order: bool = False,
    examples: int = 1,
    after_each: Callable[[], None] = lambda: None,
) -> tuple[Check, int]:
    """Check a scenario at `examples` sets of parameters, the first of which is its own.

    Returns the worst result of every comparison, and the number of sets checked: checking stops at the first failure.
    `after_each` is called after each set.
    """
    step = record_step(subject)
    total = check_step(step, second_order=second_order, seed=subject.seed)
    total = compare_with_plain_functions(total, step, subject)
    after_each()
    for example in range(1, examples):
        if not total.passed:
            return total, example
        check = check_step(subject.step(example), second_order=second_order, seed=subject.seed + example)
        total = merge_checks(total, check)
        after_each()
    return total, examples


def compare_with_plain_functions(check: Check, step: Step, subject: CheckSubject) -> Check:
    """Add the faults found by comparing a step with the scenario's functions called on plain arrays."""
    training = subject.training()
    names = [parameter.name for parameter in step.parameters]
    arrays = [training.parameters[name] for name in names]

    rng = np.random.default_rng(subject.seed)
    nearby = {name: perturb(value, rng) for name, value in training.parameters.items()}
    same = same_structure(step, next(iter(subject.training(nearby))))
    for one in passes(step):
        symbol = symbol_of(step, one).partition("#")[0] if step.losses else "loss"

        def loss(*values: np.ndarray, symbol: str = symbol) -> Any:
            return training.first_losses({**training.parameters, **dict(zip(names, values, strict=True))})[symbol]

        check = with_plain_run(check, one, loss, arrays, [nearby[name] for name in names] if same else None, rng)
    return check


def merge_checks(one: Check, other: Check) -> Check:
    """Merge two checks with the same comparisons, keeping the worse of each."""
    worst = tuple(max(pair, key=severity) for pair in zip(one.comparisons, other.comparisons, strict=True))
    rules, faults = max(one.rules, other.rules), one.faults + other.faults
    return replace(one, comparisons=worst, rules=rules, faults=faults, notes=one.notes + other.notes)


def _random_like(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random numbers with the mean and standard deviation of an array."""
    spread = float(np.std(value)) or float(np.max(np.abs(value), initial=0.0)) or 1.0
    return np.asarray(np.mean(value) + spread * rng.normal(size=value.shape), dtype=value.dtype)
