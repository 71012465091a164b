"""Optimizers: parameter updates in plain NumPy, recorded like the rest of a step.

An optimizer defines its hyperparameters, its state per parameter, and the update: `prepare` runs once per step, `update`
once per parameter. Both operate on Tensors, passed by name. A new one is a class here or in the file of a scenario: its fields
declare their ranges, `update_sees_only_shapes` whether its update can be replayed, and `register` makes it available by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from tracer.arguments import checks_keywords
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


def update_sees_only_shapes(optimizer: Optimizer) -> bool:
    """True if the class of the optimizer itself declares that its update depends on shapes only.

    A subclass has to declare it again: it may have another update.
    """
    return vars(type(optimizer)).get("update_sees_only_shapes") is True


OPTIMIZERS: dict[str, type[Any]] = {}
"""The optimizers by name, as in `--set optimizer=Adam`."""

Kind = TypeVar("Kind", bound=type[Any])


def register(kind: Kind) -> Kind:
    """Class decorator, above `@dataclass`: make an optimizer available by the name of its class."""
    if not is_dataclass(kind):
        raise UsageError(f"the optimizer {kind.__name__} must be a dataclass: its fields are its settings")
    present = OPTIMIZERS.get(kind.__name__)
    if present is not None and present.__module__ == __name__:
        raise UsageError(f"there is an optimizer {kind.__name__} already: give yours another name")
    OPTIMIZERS[kind.__name__] = kind
    return kind


@register
@checks_keywords
@dataclass(frozen=True, slots=True, kw_only=True)
class SGD:
    """Gradient descent: w = w - learning_rate * g; with momentum: v = momentum * v + g, w = w - learning_rate * v.

    Momentum as in PyTorch: v starts at 0 and does not include the learning rate.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    learning_rate: float | Schedule = field(metadata=within())
    momentum: float = field(default=0.0, metadata=within(0))

    def __post_init__(self) -> None:
        check_numbers(self)

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        return {"velocity": np.zeros_like(parameter)} if self.momentum else {}

    def hyperparameters(self, step_number: int) -> dict[str, float | Schedule]:
        return {"learning_rate": self.learning_rate} | ({"momentum": self.momentum} if self.momentum else {})

    def prepare(self, hyperparameters: Mapping[str, Array]) -> dict[str, Array]:
        return {}

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        learning_rate = numbers["learning_rate"]
        if "velocity" not in state:
            return parameter - learning_rate * gradient, {}
        velocity = numbers["momentum"] * state["velocity"] + gradient
        return parameter - learning_rate * velocity, {"velocity": velocity}


@register
@checks_keywords
@dataclass(frozen=True, slots=True, kw_only=True)
class Adam:
    """Adam as in PyTorch: Kingma and Ba 2015, algorithm 1. Epsilon is added after the bias correction of sqrt(v).

        m = beta1 * m + (1 - beta1) * g                 v = beta2 * v + (1 - beta2) * g**2
        w = w - learning_rate / (1 - beta1**t) * m / (sqrt(v) / sqrt(1 - beta2**t) + epsilon)

    Keras adds epsilon before the correction: see KerasAdam.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    learning_rate: float | Schedule = field(default=0.001, metadata=within())
    beta1: float = field(default=0.9, metadata=within(0, 1))
    beta2: float = field(default=0.999, metadata=within(0, 1))
    epsilon: float = field(default=1e-8, metadata=within(0))

    def __post_init__(self) -> None:
        check_numbers(self)

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        return {"m": np.zeros_like(parameter), "v": np.zeros_like(parameter)}

    def hyperparameters(self, step_number: int) -> dict[str, float | Schedule]:
        given = {"learning_rate": self.learning_rate, "beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}
        return {**given, "t": step_number}

    def prepare(self, hyperparameters: Mapping[str, Array]) -> dict[str, Array]:
        beta1, beta2, t = hyperparameters["beta1"], hyperparameters["beta2"], hyperparameters["t"]
        new_share1 = 1 - beta1
        new_share2 = 1 - beta2
        step_size = hyperparameters["learning_rate"] / (1 - beta1**t)
        root_correction = np.sqrt(1 - beta2**t)
        return {
            "new_share1": new_share1,
            "new_share2": new_share2,
            "step_size": step_size,
            "root_correction": root_correction,
        }

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        m = numbers["beta1"] * state["m"] + numbers["new_share1"] * gradient
        v = numbers["beta2"] * state["v"] + numbers["new_share2"] * np.square(gradient)
        denominator = np.sqrt(v) / numbers["root_correction"] + numbers["epsilon"]
        return parameter - numbers["step_size"] * (m / denominator), {"m": m, "v": v}


@register
@checks_keywords
@dataclass(frozen=True, slots=True, kw_only=True)
class KerasAdam(Adam):
    """Adam as in Keras: both bias corrections are part of the step size; epsilon is added to the uncorrected sqrt(v).

        alpha = learning_rate * sqrt(1 - beta2**t) / (1 - beta1**t)
        m = m + (g - m) * (1 - beta1)                   v = v + (g**2 - v) * (1 - beta2)
        w = w - m * alpha / (sqrt(v) + epsilon)

    This is the more efficient form at the end of section 2 of Kingma and Ba, with their "epsilon hat". Relative to PyTorch's
    form (see Adam), the effective epsilon is epsilon / sqrt(1 - beta2**t): 32 times larger in the first step, so the first
    steps are smaller for small gradients. The default epsilon is 1e-7 in Keras, 1e-8 in PyTorch.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    epsilon: float = field(default=1e-7, metadata=within(0))

    def prepare(self, hyperparameters: Mapping[str, Array]) -> dict[str, Array]:
        beta1, beta2, t = hyperparameters["beta1"], hyperparameters["beta2"], hyperparameters["t"]
        new_share1 = 1 - beta1
        new_share2 = 1 - beta2
        alpha = hyperparameters["learning_rate"] * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        return {"new_share1": new_share1, "new_share2": new_share2, "alpha": alpha}

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        m = state["m"] + (gradient - state["m"]) * numbers["new_share1"]
        v = state["v"] + (np.square(gradient) - state["v"]) * numbers["new_share2"]
        change = m * numbers["alpha"] / (np.sqrt(v) + numbers["epsilon"])
        return parameter - change, {"m": m, "v": v}
