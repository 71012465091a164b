"""Compares gradients, element by element, on the scale of what they are a sum of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

RELATIVE, OF_LARGEST = 1e-4, 1e-6
"""The error that is allowed: of the number itself, and of the largest one of its gradient."""

ROUNDINGS = 100
"""As many roundings are allowed where a part of a gradient is only known as it was rounded."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How a gradient compares: the largest error relative to the largest number, and the element that is off most, if one is."""

    error: float
    allowed: float
    index: tuple[int, ...] | None = None
    found: float = 0.0
    expected: float = 0.0
    wrong: torch.Tensor | None = None

    @property
    def is_right(self) -> bool:
        """Whether every element is within tolerance."""
        return self.index is None


def compare(found: torch.Tensor, expected: torch.Tensor, parts: Iterable[torch.Tensor], precision: float) -> Compared:
    """Compare a gradient with the sum of its parts. `precision` is that of what was rounded, 0 if nothing was."""
    largest = max((_largest(each) for each in (expected, *parts)), default=0.0)
    relative, of_largest = max(RELATIVE, ROUNDINGS * precision), max(OF_LARGEST, ROUNDINGS * precision)
    difference = (found - expected).abs()
    same = (found == expected) | (found.isnan() & expected.isnan())
    difference = torch.where(same, 0.0, torch.where(difference.isnan(), torch.inf, difference))
    wrong = difference > relative * expected.abs() + of_largest * largest
    error = float(difference.max()) / largest if difference.numel() and largest else 0.0
    if not bool(wrong.any()):
        return Compared(error, of_largest)
    at = int(torch.argmax(torch.where(wrong, difference, -1.0)))
    index = tuple(int(each) for each in torch.unravel_index(torch.tensor(at), found.shape))
    return Compared(error, of_largest, index, number(found[index]), number(expected[index]), wrong)


def _largest(tensor: torch.Tensor) -> float:
    if not tensor.numel():
        return 0.0
    return float(torch.nan_to_num(tensor, nan=0.0, posinf=0.0, neginf=0.0).abs().max())


def number(tensor: torch.Tensor) -> float:
    """A number of a gradient; of a complex one the real part."""
    value = tensor.item()
    return float(value.real if isinstance(value, complex) else value)
