"""Gradient descent, with momentum and weight decay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

import numpy as np

from tracer.arguments import checks_keywords
from tracer.errors import UsageError
from tracer.nn.optimizers.interface import check_numbers, register, within
from tracer.nn.schedules import Schedule
from tracer.ops.base import Array


@register
@checks_keywords
@dataclass(frozen=True, slots=True)
class SGD:
    """Gradient descent: w = w - learning_rate * g; with momentum: v = momentum * v + g, w = w - learning_rate * v.

    With `weight_decay`, g + weight_decay * w takes the place of g: the gradient of an L2 penalty, weight_decay / 2 * w**2. With
    `nesterov`, w = w - learning_rate * (g + momentum * v), v being the new one. All as in torch.optim.SGD: v starts at 0 and does
    not include the learning rate.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    learning_rate: float | Schedule = field(metadata=within())
    _: KW_ONLY
    momentum: float = field(default=0.0, metadata=within(0))
    weight_decay: float = field(default=0.0, metadata=within(0))
    nesterov: bool = False

    def __post_init__(self) -> None:
        check_numbers(self)
        if self.nesterov and not self.momentum:
            raise UsageError("SGD: nesterov needs a momentum, as in SGD(0.1, momentum=0.9, nesterov=True)")

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        return {"velocity": np.zeros_like(parameter)} if self.momentum else {}

    def hyperparameters(self, step_number: int) -> dict[str, float | Schedule]:
        used = {"momentum": self.momentum, "weight_decay": self.weight_decay}
        return {"learning_rate": self.learning_rate, **{name: number for name, number in used.items() if number}}

    def prepare(self, hyperparameters: Mapping[str, Array]) -> dict[str, Array]:
        return {}

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        learning_rate = numbers["learning_rate"]
        penalized = gradient
        if "weight_decay" in numbers:
            penalized = gradient + numbers["weight_decay"] * parameter
        if "velocity" not in state:
            return parameter - learning_rate * penalized, {}
        velocity = numbers["momentum"] * state["velocity"] + penalized
        if self.nesterov:
            lookahead = penalized + numbers["momentum"] * velocity
            return parameter - learning_rate * lookahead, {"velocity": velocity}
        return parameter - learning_rate * velocity, {"velocity": velocity}
