"""The gradients that a program computes itself, held against those of its loss."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Step

TOLERANCE = 1e-6
"""Relative to the largest element: gradients that agree are computed in another order."""

_BEFORE = r"(?i)d|d_|grad_?|gradient_?|delta_?|d[lje]_?d?|g_"
_AFTER = r"(?i)(?:_?grad|_?gradient|_?delta|_d|_g)s?"
"""What the name of a gradient has before or after the name of what it is a gradient of: dW1, dL_dW1, grad_W1, W1_grad."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a gradient of the program compares with the true one.

    `factor` is what the true one has to be multiplied by: 1.0 where they are equal, None where no number does it.
    """

    factor: float | None

    @property
    def is_same(self) -> bool:
        """Whether they agree."""
        return self.factor == 1.0


def agreement(own: np.ndarray, true: np.ndarray) -> Agreement:
    """Compare a gradient that a program computed with the true one.

    >>> agreement(np.array([2.0, 4.0]), np.array([1.0, 2.0])).factor, agreement(np.ones(2), np.array([1.0, 2.0])).factor
    (2.0, None)
    """
    if own.shape != true.shape:
        if own.size != true.size:
            return Agreement(None)
        own = own.reshape(true.shape)
    if not (np.all(np.isfinite(own)) and np.all(np.isfinite(true))):
        return Agreement(1.0 if np.array_equal(own, true, equal_nan=True) else None)
    wanted = np.abs(true).max(initial=0.0)
    if np.abs(own - true).max(initial=0.0) <= TOLERANCE * wanted:
        return Agreement(1.0)
    if not wanted:
        return Agreement(None)
    factor = float((own * true).sum() / (true * true).sum())
    close = np.abs(own - factor * true).max(initial=0.0) <= TOLERANCE * abs(factor) * wanted
    return Agreement(float(f"{factor:.6g}") if close and factor and own.size > 1 else None)


def agreement_in(step: Step, value: int) -> Agreement | None:
    """How the gradient that the program computed for a value compares; None where there is none, or where values are missing."""
    if value not in step.own_gradients or value not in step.gradients:
        return None
    own, true = step.nodes[step.own_gradients[value]], step.nodes[step.gradients[value]]
    return agreement(own.value, true.value) if own.is_kept and true.is_kept else None


def is_gradient_name(name: str, of: str) -> bool:
    """Whether a variable is named as the gradient of another one.

    >>> [is_gradient_name(name, "W1") for name in ("dW1", "W1_grad", "grad_w1", "dL_dW1", "W2", "dW2")]
    [True, True, True, True, False, False]
    """
    name, of = name.lower(), of.lower()
    if not of or of not in name:
        return False
    is_before = name.endswith(of) and re.fullmatch(_BEFORE, name.removesuffix(of)) is not None
    return is_before or (name.startswith(of) and re.fullmatch(_AFTER, name.removeprefix(of)) is not None)
