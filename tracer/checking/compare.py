"""Compares a gradient with reference derivatives: element by element, or by random projections if there are too many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

import numpy as np

from tracer.checking.complex_step import in_batches, one_hot_directions
from tracer.checking.error_scale import relative_errors
from tracer.checking.results import Difference

PROJECTIONS = 4
"""How many random projections are compared if not every element is."""

Directional: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Maps directions [count, *shape] to the directional derivatives, their error scale and their uncertainty: [count] each."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """What is compared: single elements by their flat index, and a number of projections of the whole gradient."""

    indices: Sequence[int]
    projections: int


def choose_sampling(size: int, limit: int, sampled: int, rng: np.random.Generator) -> Sampling:
    """All elements up to a limit; beyond it projections and a random sample of elements."""
    if size <= limit:
        return Sampling(range(size), 0)
    return Sampling(sorted(rng.choice(size, size=min(sampled, size), replace=False).tolist()), PROJECTIONS)


class GradientComparison:
    """Compares a computed gradient with reference derivatives along any directions. NumPy's warnings must be off.

    `scale` returns the error scale of the gradient. It is only called for a difference above the tolerance, because it is
    the most expensive part.
    """

    def __init__(
        self, actual: np.ndarray, scale: Callable[[], np.ndarray], directional: Directional, tolerance: float, max_elements: int
    ) -> None:
        self._actual = actual
        self._scale = cache(scale)
        self._directional = directional
        self._tolerance = tolerance
        self._max_elements = max_elements

    def worst(self, sampling: Sampling, rng: np.random.Generator) -> Difference | None:
        """The largest difference; None if there is nothing to compare.

        If a projection is wrong, a wrong element is searched for by bisection.
        """
        worst = self._worst_element(sampling.indices)
        for _ in range(sampling.projections):
            if worst is not None and worst.is_wrong and worst.index is not None:
                break  # a wrong element is more informative than a wrong projection
            weights = rng.normal(size=self._actual.shape)
            projection = self._projection(weights)
            if projection.is_wrong:
                element = self._worst_element([self._bisect(weights)])
                worst = element if element is not None and element.is_wrong else projection
            elif worst is None or projection.error > worst.error:
                worst = projection
        return worst

    def _worst_element(self, indices: Sequence[int]) -> Difference | None:
        worst: Difference | None = None
        for batch in in_batches(indices, self._max_elements):
            directions = one_hot_directions(self._actual.shape, batch)
            numbers = self._actual.ravel()
            if len(batch) < len(numbers):
                numbers = numbers[list(batch)]
            errors, allowed, expected = self._errors(numbers, directions, partial(self._scale_at, list(batch)))
            at = int((errors / allowed).argmax())
            if worst is None or errors[at] / allowed[at] > worst.error / worst.allowed:
                index = tuple(int(i) for i in np.unravel_index(batch[at], self._actual.shape))
                worst = Difference(index, float(numbers[at]), float(expected[at]), float(errors[at]), float(allowed[at]))
        return worst

    def _scale_at(self, indices: Sequence[int]) -> np.ndarray:
        return np.asarray(self._scale().ravel()[indices])

    def _projection(self, weights: np.ndarray) -> Difference:
        """The weighted sum of all elements, compared with the derivative along the weights."""
        terms = self._actual * weights
        total = np.atleast_1d(np.sum(terms, dtype=np.float64))
        norm = np.sqrt(np.sum(np.square(terms)))
        (error,), (allowed,), (expected,) = self._errors(
            total, weights[np.newaxis], lambda: np.sqrt(np.sum(np.square(self._scale() * weights))), norm
        )
        return Difference(None, float(total[0]), float(expected), float(error), float(allowed))

    def _errors(
        self, numbers: np.ndarray, directions: np.ndarray, scale: Callable[[], np.ndarray], min_scale: np.ndarray | float = 0.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The relative errors of numbers, the allowed errors, and the derivatives along directions they are compared with.

        `min_scale` is a lower bound of the error scale that needs no call of `scale`.
        """
        expected, sizes, slack = self._directional(directions)
        errors, denominator = relative_errors(numbers, expected, np.maximum(sizes, min_scale))
        if np.any(errors > self._tolerance + slack / denominator):
            errors, denominator = relative_errors(numbers, expected, np.maximum(sizes, scale()))
        return errors, self._tolerance + slack / denominator, expected

    def _bisect(self, weights: np.ndarray) -> int:
        """The flat index of a wrong element, given that the projection with these weights is wrong."""
        indices = np.arange(self._actual.size)
        while len(indices) > 1:
            half = indices[: len(indices) // 2]
            kept = np.zeros(self._actual.size)
            kept[half] = weights.ravel()[half]
            is_in_half = self._projection(kept.reshape(self._actual.shape)).is_wrong
            indices = half if is_in_half else indices[len(indices) // 2 :]
        return int(indices[0])
