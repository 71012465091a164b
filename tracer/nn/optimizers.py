"""Optimizers: the update of a parameter in plain NumPy, recorded like everything else.

An optimizer says which numbers it computes with, which state it keeps for each parameter, and how a step goes: `prepare`
once, then `update` for every parameter. Both see Tensors; the hyperparameters arrive by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from tracer.errors import UsageError
from tracer.nn.schedules import Schedule
from tracer.ops.base import Array


class Optimizer(Protocol):
    """What training asks of an optimizer; its fields are its hyperparameters, and settings of the same name."""

    @property
    def learning_rate(self) -> float | Schedule:
        """How far a step goes: a number, or a function of the number of the step."""

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        """What is kept of a parameter from step to step, before the first."""

    def hyperparameters(self, step_number: int) -> dict[str, float | Schedule]:
        """The numbers that the step computes with; `step_number` counts from 1. A schedule is called before `prepare`."""

    def prepare(self, hyperparameters: Mapping[str, Array]) -> dict[str, Array]:
        """What a step computes once for all parameters, by name."""

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """The new value of a parameter and its new state; `numbers` are the hyperparameters and what was prepared."""


def check_numbers(optimizer: Any) -> None:
    """Raise UsageError unless every field of an optimizer is a number it can compute with; a learning rate may be a schedule."""
    for each in fields(optimizer):
        value = getattr(optimizer, each.name)
        if each.name == "learning_rate" and callable(value):
            continue
        what = f"{type(optimizer).__name__}: {each.name} must be"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError(f"{what} a number, this is {value!r}")
        if not math.isfinite(value):
            raise UsageError(f"{what} a finite number, this is {value!r}")
        if each.name.startswith("beta") and not 0 <= value < 1:
            raise UsageError(f"{what} from 0 to below 1, this is {value!r}")
        if each.name in ("momentum", "epsilon") and value < 0:
            raise UsageError(f"{what} from 0 on, this is {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SGD:
    """Gradient descent: w - learning_rate * g; with momentum v = momentum * v + g and w - learning_rate * v.

    The form of momentum is PyTorch's (v starts at 0, the learning rate is not part of v).
    """

    learning_rate: float | Schedule
    momentum: float = 0.0

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Adam:
    """Adam in PyTorch's form: Kingma and Ba 2015, algorithm 1, where epsilon is added to the corrected root of v.

        m = beta1 * m + (1 - beta1) * g                 v = beta2 * v + (1 - beta2) * g**2
        w - learning_rate / (1 - beta1**t) * m / (sqrt(v) / sqrt(1 - beta2**t) + epsilon)

    Keras adds epsilon to the root before it is corrected: see KerasAdam.
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

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


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasAdam(Adam):
    """Adam in Keras' form: both corrections go into the step size, and epsilon is added to the uncorrected root of v.

        alpha = learning_rate * sqrt(1 - beta2**t) / (1 - beta1**t)
        m = m + (g - m) * (1 - beta1)                   v = v + (g**2 - v) * (1 - beta2)
        w - m * alpha / (sqrt(v) + epsilon)

    It is what Kingma and Ba propose at the end of their section 2 to save work, with their "epsilon hat". Measured by
    PyTorch's form (see Adam), its epsilon is epsilon / sqrt(1 - beta2**t): 32 times as large at the first step, and so
    the first steps along small gradients are shorter. Keras' own epsilon is 1e-7, PyTorch's 1e-8.
    """

    epsilon: float = 1e-7

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


OPTIMIZERS: Mapping[str, type[SGD] | type[Adam]] = MappingProxyType({"SGD": SGD, "Adam": Adam, "KerasAdam": KerasAdam})
"""Those that can be chosen by name."""
