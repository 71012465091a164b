"""Derivatives along a direction by differences in float64, with what tells of a kink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

LENGTHS = (1e-4, 1e-5, 1e-6, 1e-7)
"""The lengths of the differences, relative to the direction, until two of them agree."""

EPSILON = 2.0**-52


@dataclass(frozen=True, slots=True)
class Slope:
    """The derivative of a function of one number at 0, and how far it may be off. `is_kink` tells that it has none there."""

    value: float
    error: float
    is_kink: bool


def slope(function: Callable[[float], tuple[float, float]], enough: float) -> Slope:
    """The derivative at 0 of a function that returns its value, and the sum of the magnitudes that the value is a sum of.

    An error of `enough` is small enough.
    """
    middle, size = function(0.0)
    found = Slope(float("nan"), float("inf"), False)
    before = first_gap = float("nan")
    for length in LENGTHS:
        (above, above_size), (below, below_size) = function(length), function(-length)
        central = (above - below) / (2 * length)
        noise = 8 * EPSILON * max(size, above_size, below_size) / length
        gap = abs((above - middle) - (middle - below)) / length  # of the slopes on both sides
        if length == LENGTHS[0]:
            first_gap, before = gap, central
            continue
        error = abs(central - before) + noise
        is_kink = gap > 0.3 * first_gap + 4 * noise and gap > 0.1 * enough
        if not error >= found.error or is_kink:
            found = Slope(central, error, is_kink)
        if error <= enough and not is_kink:
            break
        before = central
    return found


def direction_for(value: torch.Tensor, generator: torch.Generator, *, moves_zeros: bool = True) -> torch.Tensor:
    """A random direction on the scale of each number of a value. Zeros move on the scale of the others, or stay."""
    size = value.abs()
    if moves_zeros:
        typical = float(size[torch.isfinite(size)].square().mean().sqrt()) if bool(torch.isfinite(size).any()) else 1.0
        size = torch.where(size > 1e-3 * typical, size, typical or 1.0)
    signs = torch.randint(0, 2, value.shape, generator=generator) * 2 - 1
    return torch.where(torch.isfinite(size), size, 0.0) * signs
