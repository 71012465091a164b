"""Functions that a few recorded operations compute together: activations, softmax, losses.

A group of operations is called a sigmoid because the recorded values are those of a sigmoid, however the code writes it. Its rule
is shown because the recorded gradient is what the rule gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

TOLERANCE = 1e-5
"""Relative to the largest element: float32 keeps seven digits."""

MAX_SIZE = 1_000_000
"""Maximum size of a value that is compared."""

Value: TypeAlias = Callable[[np.ndarray, np.ndarray], Any]
Gradient: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], Any]


@dataclass(frozen=True, slots=True)
class Idea:
    """A function of x, or of x and y: its title, its formula and the rule of the gradient of x.

    The formula and the rule have the fields `{x}`, `{y}` and `{out}`; `value` computes the output from x and y, `gradient` the
    rule from x, y, the output and g. `needs` are operations of which the code must have one, as values may agree by chance.
    """

    title: str
    formula: str
    rule: str
    value: Value
    gradient: Gradient
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """What a group computed: its input x, the other input y (x if there is none), its output, and the names of its operations.

    `g` is the recorded gradient of the output, `gradient` that of x; None if there is none.
    """

    x: np.ndarray
    y: np.ndarray
    out: np.ndarray
    kinds: frozenset[str]
    g: np.ndarray | None = None
    gradient: np.ndarray | None = None

    @property
    def is_comparable(self) -> bool:
        """Whether values can be compared with those of functions."""
        arrays = (self.x, self.out)
        return all(each.dtype.kind == "f" and 0 < each.size <= MAX_SIZE and bool(np.all(np.isfinite(each))) for each in arrays)

    def is_of(self, idea: Idea) -> bool:
        """Whether the recorded value is that of a function, and the recorded gradient, if there is one, follows its rule."""
        if self.kinds.isdisjoint(idea.needs):
            return False
        with np.errstate(all="ignore"):
            if not is_equal(idea.value(self.x, self.y), self.out):
                return False
            if self.g is None or self.gradient is None or not idea.rule:
                return True
            return is_equal(idea.gradient(self.x, self.y, self.out, self.g), self.gradient)


def recognised(case: Case, ideas: Iterable[Idea]) -> Idea | None:
    """The first of the functions that a group computes; None if it computes none of them."""
    if not case.is_comparable:
        return None
    return next((idea for idea in ideas if case.is_of(idea)), None)


def is_equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are the same up to rounding."""
    one = np.asarray(one)
    if one.shape != other.shape or not np.all(np.isfinite(one)):
        return False
    return bool(np.abs(one - other).max(initial=0.0) <= TOLERANCE * np.abs(other).max(initial=0.0))


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """exp(x) / sum(exp(x)) along an axis.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=axis, keepdims=True))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)).

    >>> sigmoid(np.array([0.0]))
    array([0.5])
    """
    return np.asarray(0.5 * (np.tanh(0.5 * x) + 1))
