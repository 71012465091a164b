"""Gradient clipping: gradients are limited before the optimizer takes them, in plain NumPy that is recorded.

As for an optimizer, `prepare` runs once per step and `clip` once per gradient, and a class declares `update_sees_only_shapes` if
both record the same operations whatever the numbers are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from tracer.arguments import checks_keywords
from tracer.nn.optimizers.interface import check_numbers, within
from tracer.ops.base import Array

SMALL = 1e-6
"""Added to the norm, as in PyTorch, so that gradients of zeros are not divided by zero."""


class Clipping(Protocol):
    """The interface of gradient clipping. Its dataclass fields are its hyperparameters, and settings of the same names."""

    def hyperparameters(self) -> dict[str, float]:
        """The numbers used in a step, by name."""

    def prepare(self, gradients: Sequence[Array], numbers: Mapping[str, Array]) -> dict[str, Array]:
        """Values computed once per step from all gradients, by name."""

    def clip(self, gradient: Array, numbers: Mapping[str, Array]) -> Array:
        """What the optimizer takes in place of a gradient; `numbers` are the hyperparameters and the values of `prepare`."""


@checks_keywords
@dataclass(frozen=True, slots=True)
class ClipNorm:
    """All gradients are scaled so that their norm, taken over all of them together, is at most `max_norm`.

        scale = min(max_norm / (gradient_norm + 1e-6), 1)

    As torch.nn.utils.clip_grad_norm_; Pascanu, Mikolov and Bengio 2013, algorithm 1.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    max_norm: float = field(metadata=within(0))

    def __post_init__(self) -> None:
        check_numbers(self)

    def hyperparameters(self) -> dict[str, float]:
        return {"max_norm": self.max_norm}

    def prepare(self, gradients: Sequence[Array], numbers: Mapping[str, Array]) -> dict[str, Array]:
        squares = np.sum(np.square(gradients[0]))
        for gradient in gradients[1:]:
            squares = squares + np.sum(np.square(gradient))
        gradient_norm = np.sqrt(squares)
        scale = np.minimum(numbers["max_norm"] / (gradient_norm + SMALL), 1)
        return {"scale": scale}

    def clip(self, gradient: Array, numbers: Mapping[str, Array]) -> Array:
        clipped = gradient * numbers["scale"]
        return clipped


@checks_keywords
@dataclass(frozen=True, slots=True)
class ClipValue:
    """Every element of every gradient is limited to the range from -max_value to max_value.

    As torch.nn.utils.clip_grad_value_.
    """

    update_sees_only_shapes: ClassVar[bool] = True

    max_value: float = field(metadata=within(0))

    def __post_init__(self) -> None:
        check_numbers(self)

    def hyperparameters(self) -> dict[str, float]:
        return {"max_value": self.max_value}

    def prepare(self, gradients: Sequence[Array], numbers: Mapping[str, Array]) -> dict[str, Array]:
        min_value = -numbers["max_value"]
        return {"min_value": min_value}

    def clip(self, gradient: Array, numbers: Mapping[str, Array]) -> Array:
        clipped = np.clip(gradient, numbers["min_value"], numbers["max_value"])
        return clipped
