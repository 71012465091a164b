"""RMSProp and Adagrad: steps divided by the root of a mean, or a sum, of squared gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

import numpy as np

from tracer.arguments import checks_keywords
from tracer.nn.optimizers.interface import check_numbers, register, within
from tracer.nn.schedules import Schedule
from tracer.ops.base import Array


@register
@checks_keywords
@dataclass(frozen=True, slots=True)
class RMSProp:
    """RMSProp as torch.optim.RMSprop: Tieleman and Hinton 2012; centered: Graves 2013, equations 38 to 41.

        v = alpha * v + (1 - alpha) * g**2              step = g / (sqrt(v) + epsilon)
        w = w - learning_rate * step

    With `centered`, the mean is taken off: a = a + (1 - alpha) * (g - a), and v - a**2 under the root. With `momentum`,
    velocity = momentum * velocity + step takes the place of the step. `weight_decay` as in SGD.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    learning_rate: float | Schedule = field(default=0.01, metadata=within())
    _: KW_ONLY
    alpha: float = field(default=0.99, metadata=within(0, 1))
    epsilon: float = field(default=1e-8, metadata=within(0))
    momentum: float = field(default=0.0, metadata=within(0))
    centered: bool = False
    weight_decay: float = field(default=0.0, metadata=within(0))

    def __post_init__(self) -> None:
        check_numbers(self)

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        names = ("v", *(("average",) if self.centered else ()), *(("velocity",) if self.momentum else ()))
        return {name: np.zeros_like(parameter) for name in names}

    def hyperparameters(self, step_number: int) -> dict[str, float | Schedule]:
        used = {"momentum": self.momentum, "weight_decay": self.weight_decay}
        given = {"learning_rate": self.learning_rate, "alpha": self.alpha, "epsilon": self.epsilon}
        return given | {name: number for name, number in used.items() if number}

    def prepare(self, hyperparameters: Mapping[str, Array]) -> dict[str, Array]:
        new_share = 1 - hyperparameters["alpha"]
        return {"new_share": new_share}

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        penalized = gradient
        if "weight_decay" in numbers:
            penalized = gradient + numbers["weight_decay"] * parameter
        v = numbers["alpha"] * state["v"] + numbers["new_share"] * np.square(penalized)
        kept = {"v": v}
        variance = v
        if "average" in state:
            average = state["average"] + numbers["new_share"] * (penalized - state["average"])
            variance = v - np.square(average)
            kept["average"] = average
        step = penalized / (np.sqrt(variance) + numbers["epsilon"])
        if "velocity" in state:
            velocity = numbers["momentum"] * state["velocity"] + step
            return parameter - numbers["learning_rate"] * velocity, {**kept, "velocity": velocity}
        return parameter - numbers["learning_rate"] * step, kept


@register
@checks_keywords
@dataclass(frozen=True, slots=True)
class Adagrad:
    """Adagrad as torch.optim.Adagrad: Duchi, Hazan and Singer 2011, in its diagonal form.

        squares = squares + g**2                        rate = learning_rate / (1 + (t - 1) * learning_rate_decay)
        w = w - rate * g / (sqrt(squares) + epsilon)

    `squares` starts at `initial_accumulator_value`. `weight_decay` as in SGD.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    learning_rate: float | Schedule = field(default=0.01, metadata=within())
    _: KW_ONLY
    learning_rate_decay: float = field(default=0.0, metadata=within(0))
    epsilon: float = field(default=1e-10, metadata=within(0))
    initial_accumulator_value: float = field(default=0.0, metadata=within(0))
    weight_decay: float = field(default=0.0, metadata=within(0))

    def __post_init__(self) -> None:
        check_numbers(self)

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        return {"squares": np.full_like(parameter, self.initial_accumulator_value)}

    def hyperparameters(self, step_number: int) -> dict[str, float | Schedule]:
        decay = {"learning_rate_decay": self.learning_rate_decay, "t": step_number} if self.learning_rate_decay else {}
        weight_decay = {"weight_decay": self.weight_decay} if self.weight_decay else {}
        return {"learning_rate": self.learning_rate, "epsilon": self.epsilon, **weight_decay, **decay}

    def prepare(self, hyperparameters: Mapping[str, Array]) -> dict[str, Array]:
        if "learning_rate_decay" not in hyperparameters:
            return {}
        rate = hyperparameters["learning_rate"] / (1 + (hyperparameters["t"] - 1) * hyperparameters["learning_rate_decay"])
        return {"rate": rate}

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        penalized = gradient
        if "weight_decay" in numbers:
            penalized = gradient + numbers["weight_decay"] * parameter
        squares = state["squares"] + np.square(penalized)
        rate = numbers["rate"] if "rate" in numbers else numbers["learning_rate"]
        return parameter - rate * (penalized / (np.sqrt(squares) + numbers["epsilon"])), {"squares": squares}
