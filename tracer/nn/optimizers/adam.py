"""Adam and its kin: steps scaled by running means of the gradient and of its square."""

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
class Adam:
    """Adam as in PyTorch: Kingma and Ba 2015, algorithm 1. Epsilon is added after the bias correction of sqrt(v).

        m = beta1 * m + (1 - beta1) * g                 v = beta2 * v + (1 - beta2) * g**2
        w = w - learning_rate / (1 - beta1**t) * m / (sqrt(v) / sqrt(1 - beta2**t) + epsilon)

    With `weight_decay`, g + weight_decay * w takes the place of g, as in torch.optim.Adam: the gradient of an L2 penalty. AdamW
    decays the weights beside the step instead. Keras adds epsilon before the correction: see KerasAdam.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    learning_rate: float | Schedule = field(default=0.001, metadata=within())
    _: KW_ONLY
    beta1: float = field(default=0.9, metadata=within(0, 1))
    beta2: float = field(default=0.999, metadata=within(0, 1))
    epsilon: float = field(default=1e-8, metadata=within(0))
    weight_decay: float = field(default=0.0, metadata=within(0))

    def __post_init__(self) -> None:
        check_numbers(self)

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        return {"m": np.zeros_like(parameter), "v": np.zeros_like(parameter)}

    def hyperparameters(self, step_number: int) -> dict[str, float | Schedule]:
        given = {"learning_rate": self.learning_rate, "beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}
        decay = {"weight_decay": self.weight_decay} if self.weight_decay else {}
        return {**given, **decay, "t": step_number}

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
        penalized = gradient
        if "weight_decay" in numbers:
            penalized = gradient + numbers["weight_decay"] * parameter
        m = numbers["beta1"] * state["m"] + numbers["new_share1"] * penalized
        v = numbers["beta2"] * state["v"] + numbers["new_share2"] * np.square(penalized)
        denominator = np.sqrt(v) / numbers["root_correction"] + numbers["epsilon"]
        return parameter - numbers["step_size"] * (m / denominator), {"m": m, "v": v}


@register
@checks_keywords
@dataclass(frozen=True, slots=True)
class AdamW(Adam):
    """Adam with decoupled weight decay, as torch.optim.AdamW: Loshchilov and Hutter 2019, algorithm 2.

        w = (1 - learning_rate * weight_decay) * w, then the step of Adam with m and v of the gradient alone

    The decay is not scaled by sqrt(v), as that of Adam's `weight_decay` is.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    _: KW_ONLY
    weight_decay: float = field(default=0.01, metadata=within(0))

    def update(
        self, parameter: Array, gradient: Array, state: Mapping[str, Array], numbers: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        decayed = parameter
        if "weight_decay" in numbers:
            decayed = parameter * (1 - numbers["learning_rate"] * numbers["weight_decay"])
        m = numbers["beta1"] * state["m"] + numbers["new_share1"] * gradient
        v = numbers["beta2"] * state["v"] + numbers["new_share2"] * np.square(gradient)
        denominator = np.sqrt(v) / numbers["root_correction"] + numbers["epsilon"]
        return decayed - numbers["step_size"] * (m / denominator), {"m": m, "v": v}


@register
@checks_keywords
@dataclass(frozen=True, slots=True)
class KerasAdam(Adam):
    """Adam as in Keras: both bias corrections are part of the step size; epsilon is added to the uncorrected sqrt(v).

        alpha = learning_rate * sqrt(1 - beta2**t) / (1 - beta1**t)
        m = m + (g - m) * (1 - beta1)                   v = v + (g**2 - v) * (1 - beta2)
        w = w - m * alpha / (sqrt(v) + epsilon)

    This is the more efficient form at the end of section 2 of Kingma and Ba, with their "epsilon hat". Relative to PyTorch's
    form (see Adam), the effective epsilon is epsilon / sqrt(1 - beta2**t): 32 times larger in the first step, so the first
    steps are smaller for small gradients. The default epsilon is 1e-7 in Keras, 1e-8 in PyTorch. `weight_decay` is as in Adam:
    Keras' own, of the same name, is decoupled.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    _: KW_ONLY
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
        penalized = gradient
        if "weight_decay" in numbers:
            penalized = gradient + numbers["weight_decay"] * parameter
        m = state["m"] + (penalized - state["m"]) * numbers["new_share1"]
        v = state["v"] + (np.square(penalized) - state["v"]) * numbers["new_share2"]
        step = m * numbers["alpha"] / (np.sqrt(v) + numbers["epsilon"])
        return parameter - step, {"m": m, "v": v}
