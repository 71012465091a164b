"""Derivatives of one operation by differences, extrapolated, with an estimate of their error.

The way for an operation that cannot compute with complex numbers. Ridders (1982), "Accurate computation of F'(x) and
F'(x) F''(x)": differences with ever smaller steps, and their limit by Richardson's extrapolation; of the table the entry is
taken whose neighbours differ least, and that difference is the estimate of its error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.checking.rule_runs import Rules
from tracer.ops.base import Elementwise, Op

SHRINKING = 2.0
"""By what each step is smaller than the one before."""

ROWS = 10
"""How many steps are tried."""

SMALLEST_STEP = 1e-290
"""Where the search for a step that crosses no kink ends."""

FLOOR = 1e-8
"""The relative error that differences are taken to have at least."""

UNSETTLED = 1e-3
"""A larger estimate of the error than this says that there is no derivative, or that it cannot be told this way."""


@dataclass(frozen=True, slots=True)
class DirectionalPath:
    """The values of an operation while its inputs move along directions; None stands for an input that stays."""

    op: type[Op]
    inputs: Sequence[Any]
    directions: Sequence[np.ndarray | None]
    parameters: Mapping[str, Any]

    def at(self, step: float) -> np.ndarray:
        """The value so many steps away."""
        with np.errstate(all="ignore"):
            return np.asarray(self.op.value(*self._inputs_at(step), **self.parameters), dtype=np.float64)

    def kink_sides_at(self, step: float) -> np.ndarray:
        """On which side of its kinks each element stands there: empty for an operation without kinks."""
        kink_sides = self.op.kink_sides(self._inputs_at(step), self.parameters)
        return np.zeros(0) if kink_sides is None else kink_sides

    def scale(self) -> float:
        """The largest number that moves."""
        moving = [(x, u) for x, u in zip(self.inputs, self.directions, strict=True) if u is not None]
        return max((float(np.max(np.abs(np.where(u == 0, 0, x)), initial=0.0)) for x, u in moving), default=0.0)

    def smooth_steps(self, signs: Sequence[float]) -> list[float]:
        """Steps to begin with: about a hundredth of 1, and of the inputs; smaller where a kink or the domain's edge is near."""
        length = max((float(np.max(np.abs(u), initial=0.0)) for u in self.directions if u is not None), default=0.0)
        kink_sides, finite = self.kink_sides_at(0), np.isfinite(self.at(0))

        def stays_smooth(step: float) -> bool:
            """Whether a step keeps its values, and crosses no kink but those on which it starts."""
            crosses = (self.kink_sides_at(step) != kink_sides) & (kink_sides != 0)
            return not np.any(crosses) and not np.any(finite & ~np.isfinite(self.at(step)))

        steps = []
        for scale in sorted({1.0, self.scale() or 1.0}):
            step = 0.02 * scale / (length or 1.0)
            while step > SMALLEST_STEP and not all(stays_smooth(sign * step) for sign in signs):
                step /= 16
            if step > SMALLEST_STEP:
                steps.append(step)
        return steps

    def _inputs_at(self, step: float) -> list[Any]:
        return [
            x if u is None else np.asarray(x, dtype=np.float64) + step * u
            for x, u in zip(self.inputs, self.directions, strict=True)
        ]


def slope(line: DirectionalPath) -> tuple[np.ndarray, np.ndarray]:
    """The derivative along a line, and an estimate of its error, element by element.

    On a kink of an elementwise operation it is what the operation's own rules say, if that lies between the slopes to
    either side; else the nearer of these.
    """
    central, error = _extrapolated(line, lambda step: (line.at(step) - line.at(-step)) / (2 * step), (-1, 1))
    kinks = line.kink_sides_at(0) == 0
    if np.any(kinks) and issubclass(line.op, Elementwise):
        on_kink = np.any(kinks.reshape(-1, *central.shape), axis=0)
        left, right, doubt = one_sided_slopes(line)
        own = _by_own_rules(line, central.shape)
        between = np.clip(own, np.minimum(left, right), np.maximum(left, right))
        central, error = np.where(on_kink, between, central), np.where(on_kink, np.where(own == between, 0, doubt), error)
    return central, error


def one_sided_slopes(line: DirectionalPath) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The slopes to the left and to the right, which differ on a kink, and an estimate of their error."""
    here = line.at(0)
    left, doubt_left = _extrapolated(line, lambda step: (here - line.at(-step)) / step, (-1,))
    right, doubt_right = _extrapolated(line, lambda step: (line.at(step) - here) / step, (1,))
    return left, right, np.maximum(doubt_left, doubt_right)


def _extrapolated(
    line: DirectionalPath, difference: Callable[[float], np.ndarray], signs: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """The limit of a difference for small steps, and an estimate of its error, element by element."""
    starts = line.smooth_steps(signs)
    if not starts:
        return np.zeros(line.at(0).shape), np.full(line.at(0).shape, np.inf)
    (best, error), *others = (_limit(line, difference, start, len(signs)) for start in starts)
    for limit, doubt in others:
        # A longer step is less disturbed by rounding, but may leap over what it should see.
        better = (doubt < error) & (np.abs(limit - best) <= error)
        best, error = np.where(better, limit, best), np.where(better, doubt, error)
    return best, error


def _limit(
    line: DirectionalPath, difference: Callable[[float], np.ndarray], start: float, order: int
) -> tuple[np.ndarray, np.ndarray]:
    """The entry of Ridders' table that is most certain. `order` is 2 for a difference to both sides, else 1."""
    double = np.finfo(np.float64)
    rounding = double.eps * np.maximum(np.abs(line.at(0)), np.abs(line.at(start))) + 2 * double.smallest_subnormal
    blur = double.eps * line.scale()
    best, error = np.zeros(rounding.shape), np.full(rounding.shape, np.inf)
    above: list[np.ndarray] = []
    for row in range(ROWS):
        step = start / SHRINKING**row
        current = [difference(step)]
        for column in range(1, row + 1):
            factor = SHRINKING ** (order * column)
            finer = (factor * current[column - 1] - above[column - 1]) / (factor - 1)
            doubt = np.maximum(np.abs(finer - current[column - 1]), np.abs(finer - above[column - 1]))
            # What neighbours cannot tell: both numbers of a difference are rounded, and so is where they are taken.
            doubt = doubt + rounding / step + np.abs(finer) * (blur / step)
            better = doubt < error
            best, error = np.where(better, finer, best), np.where(better, doubt, error)
            current.append(finer)
        above = current
    return best, error


def _by_own_rules(line: DirectionalPath, shape: tuple[int, ...]) -> np.ndarray:
    """The slope of an elementwise operation by its rules: with a cotangent of ones they are its derivatives."""
    op, out, total = line.op, line.at(0), np.zeros(shape)
    for position, direction in enumerate(line.directions):
        if direction is not None and op.differentiable(position):
            stretched = [np.broadcast_to(x, shape) if isinstance(x, np.ndarray) else x for x in line.inputs]
            total = total + Rules(op, out, stretched, line.parameters).run(position, np.ones(shape)).gradient * direction
    return total
