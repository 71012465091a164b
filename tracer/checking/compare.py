"""A gradient held against the oracle: number by number, or, where there are too many, in random sums over all of them."""

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
"""How many random sums over all numbers are compared where not every number is."""

Directional: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""From directions [count, *shape] to the derivatives along them, their magnitudes, and how far off they may be: [count] each."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What is compared: which places one by one, and how many projections of all of them."""

    places: Sequence[int]
    projections: int


def extent_of(size: int, limit: int, sampled: int, rng: np.random.Generator) -> Extent:
    """Every number up to a limit; beyond it projections, and some numbers drawn at random."""
    if size <= limit:
        return Extent(range(size), 0)
    return Extent(sorted(rng.choice(size, size=min(sampled, size), replace=False).tolist()), PROJECTIONS)


class GradientComparison:
    """A gradient that was found, beside the oracle's derivatives along any directions, with NumPy's warnings turned off.

    `magnitude` is only asked for where a number differs by more than the tolerance, for it is the dearest part.
    """

    def __init__(
        self, found: np.ndarray, magnitude: Callable[[], np.ndarray], directional: Directional, tolerance: float, largest: int
    ) -> None:
        self._found = found
        self._magnitude = cache(magnitude)
        self._directional = directional
        self._tolerance = tolerance
        self._largest = largest

    def worst(self, extent: Extent, rng: np.random.Generator) -> Difference | None:
        """The number that is farthest from what the oracle says; None where there is none to compare.

        A projection that is wrong tells that some number is: it is looked for by halving.
        """
        worst = self._worst_of(extent.places)
        for _ in range(extent.projections):
            if worst is not None and worst.is_wrong and worst.index is not None:
                break  # a single number tells more than a sum over all of them
            weights = rng.normal(size=self._found.shape)
            projected = self._projected(weights)
            if projected.is_wrong:
                single = self._worst_of([self._found_by_halving(weights)])
                worst = single if single is not None and single.is_wrong else projected
            elif worst is None or projected.error > worst.error:
                worst = projected
        return worst

    def _worst_of(self, places: Sequence[int]) -> Difference | None:
        worst: Difference | None = None
        for batch in in_batches(places, self._largest):
            directions = one_hot_directions(self._found.shape, batch)
            numbers = self._found.ravel()
            if len(batch) < len(numbers):
                numbers = numbers[list(batch)]
            errors, allowed, expected = self._rated(numbers, directions, partial(self._magnitude_at, list(batch)))
            at = int((errors / allowed).argmax())
            if worst is None or errors[at] / allowed[at] > worst.error / worst.allowed:
                index = tuple(int(i) for i in np.unravel_index(batch[at], self._found.shape))
                worst = Difference(index, float(numbers[at]), float(expected[at]), float(errors[at]), float(allowed[at]))
        return worst

    def _magnitude_at(self, places: Sequence[int]) -> np.ndarray:
        return np.asarray(self._magnitude().ravel()[places])

    def _projected(self, weights: np.ndarray) -> Difference:
        """The sum over all numbers with these weights, against the derivative along them."""
        parts = self._found * weights
        total = np.atleast_1d(np.sum(parts, dtype=np.float64))
        own = np.sqrt(np.sum(np.square(parts)))
        (error,), (allowed,), (expected,) = self._rated(
            total, weights[np.newaxis], lambda: np.sqrt(np.sum(np.square(self._magnitude() * weights))), own
        )
        return Difference(None, float(total[0]), float(expected), float(error), float(allowed))

    def _rated(
        self, numbers: np.ndarray, directions: np.ndarray, magnitude: Callable[[], np.ndarray], known: np.ndarray | float = 0.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far numbers are from the derivatives along directions, how far they may be, and those derivatives.

        `known` is what is known of the magnitude without working it out.
        """
        expected, sizes, slack = self._directional(directions)
        errors, scale = relative_errors(numbers, expected, np.maximum(sizes, known))
        if np.any(errors > self._tolerance + slack / scale):
            errors, scale = relative_errors(numbers, expected, np.maximum(sizes, magnitude()))
        return errors, self._tolerance + slack / scale, expected

    def _found_by_halving(self, weights: np.ndarray) -> int:
        """A place where the number is wrong, given that the weighted sum of all is."""
        places = np.arange(self._found.size)
        while len(places) > 1:
            half = places[: len(places) // 2]
            kept = np.zeros(self._found.size)
            kept[half] = weights.ravel()[half]
            is_here = self._projected(kept.reshape(self._found.shape)).is_wrong
            places = half if is_here else places[len(places) // 2 :]
        return int(places[0])
