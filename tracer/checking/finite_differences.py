"""Derivatives of a single operation by extrapolated finite differences, with error estimates.

For operations without a complex implementation. Ridders (1982), "Accurate computation of F'(x) and F'(x) F''(x)": differences
with decreasing steps are extrapolated to the limit (Richardson). The result is the entry of the table that differs least from
its neighbours; this difference estimates its error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from tracer.checking.rule_runs import RuleRunner
from tracer.ops.base import Op
from tracer.ops.elementwise import Elementwise

STEP_RATIO = 2.0
"""The ratio of each step to the next smaller one."""

TABLE_ROWS = 10
"""The number of steps, and of rows in Ridders' table."""

SMALLEST_STEP = 1e-290
"""Lower bound in the search for a step that crosses no kink."""

MIN_ERROR = 1e-8
"""Lower bound of the relative error assumed for finite differences."""

NOT_CONVERGED = 1e-3
"""A relative error estimate above this means that the differences did not converge."""

ROUNDING_SAMPLES = 8
"""How many times the inputs are rounded at random to measure the effect on the value."""

ROUNDING_STEP = 2.0**-36
"""The relative size of these roundings: far above the rounding of the value, far below a step."""

ROUNDING_SAFETY = 2.0
"""Factor on the measured effect, which is the mean of few samples."""


_DOUBLE = np.dtype(np.float64)

_STEP_DIVISORS = STEP_RATIO ** np.arange(TABLE_ROWS)

_ROWS = np.concatenate([np.arange(number, TABLE_ROWS) for number in range(1, TABLE_ROWS)])
"""The rows of the entries of Ridders' table, column by column, without its first column."""

_BY_ROW = np.argsort(_ROWS, kind="stable")
"""These entries row by row: of equal errors, that of the larger step is taken."""


@dataclass(frozen=True)
class DirectionalPath:
    """An operation as a function of a step along `directions`, one for each input; None for an input held constant.

    It has no `__slots__`, because the starts of the inputs are cached in the instance. Values may overflow: whoever asks for many
    of them ignores NumPy's warnings once.
    """

    op: type[Op]
    inputs: Sequence[Any]
    directions: Sequence[np.ndarray | None]
    parameters: Mapping[str, Any]

    def at(self, step: float) -> np.ndarray:
        """The value at inputs + step * directions."""
        return self._value(self.inputs_at(step))

    def along(self, directions: Sequence[np.ndarray | None], step: float) -> np.ndarray:
        """The value after a step along other directions, of the same inputs."""
        starts = (start for start, _ in self._lines)
        return self._value([x if u is None else x + step * self._alike(u) for x, u in zip(starts, directions, strict=True)])

    def _value(self, inputs: Sequence[Any]) -> np.ndarray:
        return in_double(self.op.value(*inputs, **self.parameters))

    @cached_property
    def here(self) -> np.ndarray:
        """The value at the inputs."""
        return self.at(0)

    def kink_sides_at(self, step: float) -> np.ndarray:
        """The side of its kinks on which each element lies (see Op.kink_sides); empty for an operation without kinks."""
        kink_sides = self.op.kink_sides(self.inputs_at(step), self.parameters)
        return np.zeros(0) if kink_sides is None else kink_sides

    def scale(self) -> float:
        """The largest absolute value of a perturbed input element."""
        perturbed = [(x, u) for x, u in zip(self.inputs, self.directions, strict=True) if u is not None]
        return max((float(np.max(np.abs(np.where(u == 0, 0, x)), initial=0.0)) for x, u in perturbed), default=0.0)

    def initial_steps(self, signs: Sequence[float]) -> list[float]:
        """The largest steps: 0.02 in absolute terms, and 0.02 of the inputs; smaller near a kink or the domain boundary."""
        length = max((float(np.max(np.abs(u), initial=0.0)) for u in self.directions if u is not None), default=0.0)
        kink_sides, finite = self.kink_sides_at(0), np.isfinite(self.here)

        def stays_smooth(step: float) -> bool:
            """True if values stay finite and no kink is crossed, other than those the path starts on."""
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

    def inputs_at(self, step: float) -> list[Any]:
        """The inputs after a step along the directions."""
        return [x if u is None else x + step * u for x, u in self._lines]

    @cached_property
    def _lines(self) -> Sequence[tuple[Any, np.ndarray | None]]:
        """The start and the direction of each input, in double precision where it is not held constant."""
        pairs = zip(self.inputs, self.directions, strict=True)
        return [(x, None) if u is None else (in_double(x), self._alike(u)) for x, u in pairs]

    def _alike(self, direction: np.ndarray) -> np.ndarray:
        """The part of a direction that the operation takes."""
        return symmetric_part(direction) if self.op.takes_symmetric_part else np.asarray(direction)


def in_double(value: Any) -> np.ndarray:
    """The value in double precision, real or complex."""
    array = np.asarray(value)
    if array.dtype is _DOUBLE:  # most are
        return array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, copy=False)


def symmetric_part(matrices: np.ndarray) -> np.ndarray:
    """The mean of matrices and their transposes."""
    return np.asarray((matrices + np.swapaxes(matrices, -1, -2)) / 2)


@np.errstate(all="ignore")
def finite_difference_derivative(path: DirectionalPath) -> tuple[np.ndarray, np.ndarray]:
    """The derivative along a path and its estimated error, elementwise.

    At a kink of an elementwise operation: the derivative of the operation's rules, clipped to the range between both
    one-sided derivatives. At a branch cut of a complex function, where it is continuous from one side: the derivative on that
    side.
    """
    central, error = _extrapolate(path, lambda step: (path.at(step) - path.at(-step)) / (2 * step), (-1, 1))
    if any(map(np.iscomplexobj, path.inputs)) and np.any(error > NOT_CONVERGED * np.max(np.abs(central), initial=0.0)):
        for side, side_error in _both_sides(path):
            better = side_error < error
            central, error = np.where(better, side, central), np.where(better, side_error, error)
    kinks = path.kink_sides_at(0) == 0
    if np.any(kinks) and issubclass(path.op, Elementwise) and not np.iscomplexobj(central):
        on_kink = np.any(kinks.reshape(-1, *central.shape), axis=0)
        left, right, one_sided_error = one_sided_derivatives(path)
        own = _rule_derivative(path, central.shape)
        clipped = np.clip(own, np.minimum(left, right), np.maximum(left, right))
        central = np.where(on_kink, clipped, central)
        error = np.where(on_kink, np.where(own == clipped, 0, one_sided_error), error)
    return central, error


@np.errstate(all="ignore")
def one_sided_derivatives(path: DirectionalPath) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The left and right derivatives, which differ at a kink, and their estimated error."""
    (left, left_error), (right, right_error) = _both_sides(path)
    return left, right, np.maximum(left_error, right_error)


def _both_sides(path: DirectionalPath) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The left and the right derivative, each with its estimated error."""
    value = path.here
    left = _extrapolate(path, lambda step: (value - path.at(-step)) / step, (-1,))
    return left, _extrapolate(path, lambda step: (path.at(step) - value) / step, (1,))


def _extrapolate(
    path: DirectionalPath, difference: Callable[[float], np.ndarray], signs: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """The limit of a difference quotient for small steps and its estimated error, elementwise."""
    starts = path.initial_steps(signs)
    if not starts:
        return np.zeros(path.here.shape), np.full(path.here.shape, np.inf)
    (best, error), *others = (_limit(path, difference, start, signs) for start in starts)
    for limit, limit_error in others:
        # A larger step has less rounding error, but may miss details of the function: it must agree with the smaller one.
        better = (limit_error < error) & (np.abs(limit - best) <= error)
        best, error = np.where(better, limit, best), np.where(better, limit_error, error)
    return best, error


def _limit(
    path: DirectionalPath, difference: Callable[[float], np.ndarray], start: float, signs: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """The entry of Ridders' table with the smallest estimated error. `signs` are two for central differences, else one."""
    order = len(signs)
    double = np.finfo(np.float64)
    rounding = double.eps * np.maximum(np.abs(path.here), np.abs(path.at(start))) + 2 * double.smallest_subnormal
    # On a branch cut of a complex function, rounding does not reach the other side of it.
    is_beside_cut = order == 1 and any(map(np.iscomplexobj, path.inputs))
    input_rounding = _input_rounding(path, start, signs[0] * start if is_beside_cut else 0.0)
    steps = start / _STEP_DIVISORS
    column = np.array([difference(step) for step in steps.tolist()])  # entries of a column of the table, by row
    # Neighbours do not show the rounding errors of the values and of the inputs.
    unseen = (rounding + input_rounding) / steps.reshape(-1, *(1,) * rounding.ndim)
    entries, shorter, longer = [], [], []  # the neighbours of an entry: those that it was extrapolated from
    for number in range(1, TABLE_ROWS):
        factor = STEP_RATIO ** (order * number)
        extrapolated = (factor * column[1:] - column[:-1]) / (factor - 1)
        entries.append(extrapolated)
        shorter.append(column[1:])
        longer.append(column[:-1])
        column = extrapolated
    entry = np.concatenate(entries)
    error = np.maximum(np.abs(entry - np.concatenate(shorter)), np.abs(entry - np.concatenate(longer))) + unseen[_ROWS]
    entry, error = entry[_BY_ROW], error[_BY_ROW]
    error[np.isnan(error)] = np.inf
    smallest = np.argmin(error, axis=0).ravel(), np.arange(path.here.size)
    best, error = (each.reshape(len(_ROWS), -1)[smallest].reshape(path.here.shape) for each in (entry, error))
    return np.where(np.isfinite(error), best, 0), error


def _input_rounding(path: DirectionalPath, start: float, at: float) -> np.ndarray:
    """How far rounding the stepped inputs can move each element of the value.

    Measured, after a step `at`: the derivative along the path does not show it. In x - y it can be 0 while the rounding of both
    inputs adds up.
    """
    stepped = replace(path, inputs=path.inputs_at(at)) if at else path
    value = stepped.here
    sizes = [None if u is None else _sizes(x, start * u) for x, u in zip(stepped.inputs, path.directions, strict=True)]
    count = sum(each.size for each in sizes if each is not None)
    total = np.zeros(value.shape)
    for numbers in _random_numbers(count):
        total += np.abs(stepped.along(_scaled(numbers, sizes), ROUNDING_STEP) - value)
    return total * (ROUNDING_SAFETY * np.finfo(np.float64).eps / (ROUNDING_SAMPLES * ROUNDING_STEP))


@lru_cache(maxsize=1)  # most checks in a row need as many
def _random_numbers(count: int) -> np.ndarray:
    """The same random numbers [samples, count] for every check."""
    return np.random.default_rng(0).normal(size=(ROUNDING_SAMPLES, count))


def _sizes(x: Any, step: np.ndarray) -> np.ndarray:
    """How large an input and a step of it are together [1, *shape]; if they are complex, both parts on their own [2, *shape]."""
    real = np.abs(np.real(x)) + np.abs(np.real(step))
    if not (np.iscomplexobj(x) or np.iscomplexobj(step)):
        return np.asarray(real)[np.newaxis]
    return np.stack([real, np.abs(np.imag(x)) + np.abs(np.imag(step))])


def _scaled(numbers: np.ndarray, sizes: Sequence[np.ndarray | None]) -> list[np.ndarray | None]:
    """Random numbers, one after the other, scaled to the sizes of each input; None for an input held constant."""
    scaled: list[np.ndarray | None] = []
    used = 0
    for size in sizes:
        if size is None:
            scaled.append(None)
            continue
        parts = numbers[used : used + size.size].reshape(size.shape) * size
        scaled.append(parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1])
        used += size.size
    return scaled


def _rule_derivative(path: DirectionalPath, shape: tuple[int, ...]) -> np.ndarray:
    """The derivative of an elementwise operation by its own rules, run with a cotangent of ones."""
    op, out, total = path.op, path.here, np.zeros(shape)
    for position, direction in enumerate(path.directions):
        if direction is not None and op.differentiable(position):
            inputs = [np.broadcast_to(x, shape) if isinstance(x, (np.ndarray, np.generic)) else x for x in path.inputs]
            gradient = RuleRunner(op, out, inputs, path.parameters).run(position, np.ones(shape)).gradient
            total = total + np.real(gradient * direction)
    return total
