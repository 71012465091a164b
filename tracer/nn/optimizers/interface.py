"""What an optimizer is, the ranges of its hyperparameters, and the optimizers by name.

An optimizer defines its hyperparameters, its state per parameter, and the update: `prepare` runs once per step, `update`
once per parameter. Both operate on Tensors, passed by name. A new one is a class of this package or in the file of a scenario:
its fields declare their ranges, `update_sees_only_shapes` whether its update can be replayed, and `register` makes it available
by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from tracer.errors import UsageError
from tracer.nn.schedules import Schedule
from tracer.ops.base import Array


class Optimizer(Protocol):
    """The interface of an optimizer. Its dataclass fields are its hyperparameters, and settings of the same names.

    A class may declare `update_sees_only_shapes: ClassVar[bool] = True` if `prepare` and `update` record the same operations
    whatever the numbers are: then they are called once, and replayed in the steps that follow.
    """

    @property
    def learning_rate(self) -> float | Schedule:
        """A number, or a schedule: a function of the step number."""

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        """The state of a parameter before the first step, by name: arrays that are updated in every step."""

    def hyperparameters(self, step_number: int) -> dict[str, float | Schedule]:
        """The numbers used in a step, by name; `step_number` counts from 1. A schedule is evaluated before `prepare`."""

    def prepare(self, hyperparameters: Mapping[str, Array]) -> dict[str, Array]:
        """Values computed once per step and shared by all parameters, by name."""

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """The new value and state of a parameter; `numbers` are the hyperparameters and the values of `prepare`."""


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that a hyperparameter may be: from `low` on, below `below`.

    >>> 0.5 in Range(0, 1), 1.0 in Range(0, 1), str(Range(0, 1)), str(Range(0))
    (True, False, 'from 0 to below 1', 'from 0 on')
    """

    low: float = -math.inf
    below: float = math.inf

    def __contains__(self, value: float) -> bool:
        return self.low <= value < self.below

    def __str__(self) -> str:
        upwards = f"from {self.low:g}" if self.low > -math.inf else ""
        downwards = f"below {self.below:g}" if self.below < math.inf else ""
        return " to ".join(filter(None, (upwards, downwards))) + ("" if downwards else " on")


def within(low: float = -math.inf, below: float = math.inf) -> dict[str, Any]:
    """Metadata of a field: the range of a hyperparameter, as in `beta: float = field(default=0.9, metadata=within(0, 1))`."""
    return {"range": Range(low, below)}


def check_numbers(optimizer: Any) -> None:
    """Raise UsageError unless every field that has a range is a number within it; a learning rate may be a schedule.

    A Scenario asks this of its optimizer; one that asks it in `__post_init__` cannot be made with other numbers at all.
    """
    for each in fields(optimizer) if is_dataclass(optimizer) else ():
        value, range = getattr(optimizer, each.name), each.metadata.get("range")
        if not isinstance(range, Range) or (each.name == "learning_rate" and callable(value)):
            continue
        what = f"{type(optimizer).__name__}: {each.name} must be"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError(f"{what} a number, this is {value!r}")
        if not math.isfinite(value):
            raise UsageError(f"{what} a finite number, this is {value!r}")
        if value not in range:
            raise UsageError(f"{what} {range}, this is {value!r}")


def update_sees_only_shapes(part: object) -> bool:
    """True if the class of an optimizer, or of clipping, itself declares that its update depends on shapes only.

    A subclass has to declare it again: it may have another update.
    """
    return vars(type(part)).get("update_sees_only_shapes") is True


OPTIMIZERS: dict[str, type[Any]] = {}
"""The optimizers by name, as in `--set optimizer=Adam`."""

Kind = TypeVar("Kind", bound=type[Any])


def register(kind: Kind) -> Kind:
    """Class decorator, above `@dataclass`: make an optimizer available by the name of its class."""
    if not is_dataclass(kind):
        raise UsageError(f"the optimizer {kind.__name__} must be a dataclass: its fields are its settings")
    present = OPTIMIZERS.get(kind.__name__)
    if present is not None and present.__module__.startswith(f"{__package__}."):
        raise UsageError(f"there is an optimizer {kind.__name__} already: give yours another name")
    OPTIMIZERS[kind.__name__] = kind
    return kind
