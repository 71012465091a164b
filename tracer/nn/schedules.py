"""Learning-rate schedules: the learning rate as a recorded function of the step number.

An optimizer accepts a schedule instead of a number: `SGD(learning_rate=ExponentialDecay(initial=0.1, factor=0.99))`. A
schedule is any function in plain NumPy whose arguments are among `t` (the step number, from 1), `epoch` (from 0), and the
settings of the scenario. Its arguments are Tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tracer.errors import UsageError
from tracer.ops.base import Array

Schedule: TypeAlias = Callable[..., Any]
"""Called with arguments by name; returns the learning rate, a scalar Tensor or a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExponentialDecay:
    """initial * factor ** ((t - 1) / every): multiplied by `factor` every `every` steps, continuously.

    >>> halving = ExponentialDecay(initial=0.1, factor=0.5, every=2)
    >>> [round(halving(t), 4) for t in (1, 2, 3, 5)]
    [0.1, 0.0707, 0.05, 0.025]
    """

    initial: float
    factor: float
    every: int = 1

    def __post_init__(self) -> None:
        _check_count(self, "every", self.every)

    def __call__(self, t: Array) -> Array:
        return self.initial * self.factor ** ((t - 1) / self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDecay:
    """initial * factor ** floor(epoch / every): multiplied by `factor` every `every` epochs, constant in between.

    >>> [round(float(StepDecay(initial=0.1, factor=0.1, every=2)(epoch)), 4) for epoch in range(5)]
    [0.1, 0.1, 0.01, 0.01, 0.001]
    """

    initial: float
    factor: float
    every: int = 1

    def __post_init__(self) -> None:
        _check_count(self, "every", self.every)

    def __call__(self, epoch: Array) -> Array:
        return self.initial * self.factor ** np.floor(epoch / self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class InverseTimeDecay:
    """initial / (1 + decay * (t - 1)).

    >>> [InverseTimeDecay(initial=1.0, decay=0.5)(t) for t in (1, 3, 5)]
    [1.0, 0.5, 0.3333333333333333]
    """

    initial: float
    decay: float

    def __call__(self, t: Array) -> Array:
        return self.initial / (1 + self.decay * (t - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class CosineDecay:
    """Half a cosine from `initial` in the first step to `final` after `steps` further steps, then constant.

    Loshchilov and Hutter 2017 (SGDR), eq. 5, without restarts.

    >>> [round(float(CosineDecay(initial=1.0, steps=4)(t)), 4) for t in (1, 3, 5, 9)]
    [1.0, 0.5, 0.0, 0.0]
    """

    initial: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        _check_count(self, "steps", self.steps)

    def __call__(self, t: Array) -> Array:
        share = np.minimum((t - 1) / self.steps, 1.0)
        return self.final + (self.initial - self.final) * 0.5 * (1 + np.cos(math.pi * share))


def optimal(t: Array, alpha: float) -> Array:
    """1 / (alpha * (t0 + t - 1)): scikit-learn's schedule "optimal" for the hinge loss; `alpha` is the L2 penalty.

    t0 is Bottou's heuristic: a typical weight is sqrt(1 / sqrt(alpha)), and the first update, whose loss gradient is at
    most 1, should be about as large (L. Bottou, Stochastic Gradient Descent Tricks, 2012; SGDClassifier).

    >>> optimal(1, alpha=1e-4), optimal(1001, alpha=1e-4)
    (10.0, 5.0)
    """
    if not alpha > 0:
        raise UsageError(f"the schedule 'optimal' needs an alpha above 0, this is {alpha!r}")
    typical_weight = math.sqrt(1 / math.sqrt(alpha))
    t0 = 1 / (typical_weight * alpha)
    return 1 / (alpha * (t0 + t - 1))


def _check_count(schedule: Schedule, name: str, count: float) -> None:
    if not count > 0:
        raise UsageError(f"{type(schedule).__name__}: {name} must be above 0, this is {count!r}")
