"""A gradient held against the oracle: number by number, or, where there are too many, in random sums over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np

from tracer.checking.findings import Difference
from tracer.checking.magnitudes import relative_errors
from tracer.checking.oracle import in_batches, one_hot_directions

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


class Comparing:
    """A gradient that was found, beside the oracle's derivatives along any directions.

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
            weights = rng.normal(size=self._found.shape)
            projected = self._projected(weights)
            if projected.error > self._tolerance and (worst is None or worst.error <= self._tolerance):
                single = self._worst_of([self._found_by_halving(weights)])
                # A single number tells more than a sum over all of them.
                worst = single if single is not None and single.error > self._tolerance else projected
            elif worst is None or projected.error > worst.error:
                worst = worst if worst is not None and worst.error > self._tolerance else projected
        return worst

    def _worst_of(self, places: Sequence[int]) -> Difference | None:
        worst: Difference | None = None
        for batch in in_batches(places, self._largest):
            expected, sizes, slack = self._directional(one_hot_directions(self._found.shape, batch))
            numbers = self._found.ravel()[list(batch)]
            errors = relative_errors(numbers, expected, sizes, slack)
            if np.max(errors) > self._tolerance:
                sizes = np.maximum(sizes, self._magnitude().ravel()[list(batch)])
                errors = relative_errors(numbers, expected, sizes, slack)
            at = int(np.argmax(errors))
            if worst is None or errors[at] > worst.error:
                index = tuple(int(i) for i in np.unravel_index(batch[at], self._found.shape))
                worst = Difference(index, float(numbers[at]), float(expected[at]), float(errors[at]))
        return worst

    def _projected(self, weights: np.ndarray) -> Difference:
        """The sum over all numbers with these weights, against the derivative along them."""
        expected, sizes, slack = self._directional(weights[np.newaxis])
        with np.errstate(all="ignore"):
            parts = self._found * weights
            total = np.atleast_1d(np.sum(parts, dtype=np.float64))
            error = relative_errors(total, expected, np.maximum(sizes, np.sqrt(np.sum(np.square(parts)))), slack)
            if error[0] > self._tolerance:
                most = np.sqrt(np.sum(np.square(self._magnitude() * weights)))
                error = relative_errors(total, expected, np.maximum(sizes, most), slack)
        return Difference(None, float(total[0]), float(expected[0]), float(error[0]))

    def _found_by_halving(self, weights: np.ndarray) -> int:
        """A place where the number is wrong, given that the weighted sum of all is."""
        places = np.arange(self._found.size)
        while len(places) > 1:
            half = places[: len(places) // 2]
            kept = np.zeros(self._found.size)
            kept[half] = weights.ravel()[half]
            is_here = self._projected(kept.reshape(self._found.shape)).error > self._tolerance
            places = half if is_here else places[len(places) // 2 :]
        return int(places[0])
