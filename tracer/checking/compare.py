"""Compares a gradient with reference derivatives: element by element, or by random projections if there are too many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from tracer.checking.complex_step import in_batches, one_hot_directions
from tracer.checking.error_scale import relative_errors
from tracer.checking.results import Difference, Unrated
from tracer.i18n.message import Message

PROJECTIONS = 4
"""How many random projections are compared if not every element is."""

SHORTER_STEPS = (1e-30, 1e-60, 1e-130, 1e-150)
"""Factors on the step of the reference, to find out whether a difference is one of the gradient or one of the step. The last
ones are so short that terms of higher order underflow: at x = 0, the reference of x**3 is exactly 0."""

STEADY = 1e-6
"""References with steps of two lengths differ by at most this, relatively, if the step is short enough."""

MAX_UNRATED = 16
"""At most this many elements without an error are named."""

Directional: TypeAlias = Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Maps directions [count, *shape], and a factor on the step of the differentiation, to the directional derivatives, their error
scale and their uncertainty: [count] each."""


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


@dataclass(slots=True)
class Rating:
    """The largest difference, None if there is nothing to compare, and the elements that have no error."""

    worst: Difference | None = None
    unrated: list[Unrated] = field(default_factory=list)
    unrated_count: int = 0

    @property
    def is_wrong(self) -> bool:
        """True if a compared number is wrong."""
        return self.worst is not None and self.worst.is_wrong

    def compared(self, difference: Difference) -> None:
        """Keep the worst difference."""
        if self.worst is None or difference.error / difference.allowed > self.worst.error / self.worst.allowed:
            self.worst = difference

    @property
    def gave_up(self) -> bool:
        """True if projections have no reference because of too many elements."""
        return bool(self.unrated) and self.unrated[-1].index is None

    def give_up(self) -> None:
        """Note that projections have no reference."""
        self.unrated.append(Unrated(None, np.nan, np.nan, Message("too_many_unrated")))

    def leave_out(self, element: Unrated) -> None:
        """Note an element that has no error."""
        self.unrated_count += 1
        if len(self.unrated) < MAX_UNRATED:
            self.unrated.append(element)


@dataclass(frozen=True, slots=True)
class Errors:
    """Numbers, their references and their relative errors, arrays [count].

    `other` is the reference with another step where that is different; NaN elsewhere.
    """

    numbers: np.ndarray
    expected: np.ndarray
    other: np.ndarray
    errors: np.ndarray
    allowed: np.ndarray

    @property
    def rated(self) -> np.ndarray:
        """True for numbers that have an error: they and their references are finite, and the step makes no difference."""
        finite = np.isfinite(self.numbers) & np.isfinite(self.expected) & np.isfinite(self.allowed)
        return np.asarray(finite & np.isnan(self.other))

    @property
    def wrong(self) -> np.ndarray:
        """True for numbers that have an error above the tolerance."""
        return np.asarray(self.rated & ~(self.errors <= self.allowed))

    def difference(self, at: int, index: tuple[int, ...] | None) -> Difference:
        """The difference of one number, which is rated."""
        return Difference(index, *(float(x[at]) for x in (self.numbers, self.expected, self.errors, self.allowed)))

    def unrated(self, at: int, index: tuple[int, ...]) -> Unrated:
        """A number that is not rated, with the reason."""
        number, expected, other = (float(x[at]) for x in (self.numbers, self.expected, self.other))
        if np.isinf(number) and number == expected:
            reason = Message("both_infinite")
        elif not np.isfinite(number):
            expected = expected if np.isnan(other) else np.nan
            reason = Message("gradient_not_finite")
        elif not np.isnan(other):
            reason = Message("reference_varies", {"one": other, "other": expected})
        elif np.isfinite(expected):
            reason = Message("reference_uncertain")
        else:
            reason = Message("reference_not_finite", {"expected": expected})
        return Unrated(index, number, expected, reason)


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

    def rate(self, sampling: Sampling, rng: np.random.Generator) -> Rating:
        """Compare the elements and projections of a sampling.

        If a projection is wrong, a wrong element is searched for by bisection. Elements that have no error are searched for in
        the same way, and left out of the projections.
        """
        rating, included = Rating(), np.ones(self._actual.size, dtype=bool)
        indices = sampling.indices
        if sampling.projections:
            infinite = np.flatnonzero(~np.isfinite(self._actual))
            indices = sorted({*indices, *infinite[:MAX_UNRATED].tolist()})
            included[infinite] = False
            rating.unrated_count = len(infinite[MAX_UNRATED:])
        for batch in in_batches(indices, self._max_elements):
            self._rate_elements(batch, included, rating)
        for _ in range(sampling.projections):
            if rating.is_wrong or rating.gave_up:
                break  # a wrong element is more informative than a wrong projection
            self._rate_projection(rng.normal(size=self._actual.size), included, rating)
        return rating

    def _rate_elements(self, indices: Sequence[int], included: np.ndarray, rating: Rating) -> None:
        """Rate elements, and remove those that cannot be rated from `included`."""
        found = self._errors_at(indices)
        rated = found.rated
        if np.any(rated):
            at = int(np.argmax(np.where(rated, found.errors / found.allowed, -1)))
            rating.compared(found.difference(at, self._index_of(indices[at])))
        for unrated in np.flatnonzero(~rated).tolist():
            included[indices[unrated]] = False
            rating.leave_out(found.unrated(unrated, self._index_of(indices[unrated])))

    def _rate_projection(self, weights: np.ndarray, included: np.ndarray, rating: Rating) -> None:
        """Rate a projection, after the elements without a reference are removed from `included`."""
        projection = self._projection(np.where(included, weights, 0))
        for _ in range(MAX_UNRATED):
            if projection.rated[0] or not np.any(included):
                break
            flat = self._bisect(weights, included, lambda half: not half.rated[0])
            self._rate_elements([flat], included, rating)
            included[flat] = False  # whatever it is by itself: in a sum it has no reference
            projection = self._projection(np.where(included, weights, 0))
        if not projection.rated[0]:
            rating.give_up()
            return
        if projection.wrong[0]:
            self._rate_elements([self._bisect(weights, included, lambda half: bool(half.wrong[0]))], included, rating)
        if not rating.is_wrong:
            rating.compared(projection.difference(0, None))

    def _index_of(self, flat: int) -> tuple[int, ...]:
        return tuple(int(i) for i in np.unravel_index(flat, self._actual.shape))

    def _errors_at(self, indices: Sequence[int]) -> Errors:
        """The elements with these flat indices, compared."""
        numbers = self._actual.ravel()
        if len(indices) < len(numbers):
            numbers = numbers[list(indices)]
        directions = one_hot_directions(self._actual.shape, indices)
        return self._errors(numbers, directions, lambda: self._scale().ravel()[list(indices)])

    def _projection(self, weights: np.ndarray) -> Errors:
        """The weighted sum of the elements with a weight, compared with the derivative along the weights."""
        direction = weights.reshape(self._actual.shape)
        terms = np.where(direction == 0, 0, self._actual) * direction
        total = np.atleast_1d(np.sum(terms, dtype=np.float64))
        norm = np.sqrt(np.sum(np.square(terms)))
        return self._errors(
            total, direction[np.newaxis], lambda: np.atleast_1d(np.sqrt(np.sum(np.square(self._scale() * direction)))), norm
        )

    def _errors(
        self, numbers: np.ndarray, directions: np.ndarray, scale: Callable[[], np.ndarray], min_scale: np.ndarray | float = 0.0
    ) -> Errors:
        """Compare numbers with the derivatives along directions.

        `min_scale` is a lower bound of the error scale that needs no call of `scale`.
        """
        found = self._errors_with(numbers, directions, min_scale, 1.0)
        if np.any(found.wrong):
            min_scale = np.maximum(min_scale, scale())
            found = self._errors_with(numbers, directions, min_scale, 1.0)
        doubtful = np.flatnonzero(found.wrong | ~np.isfinite(numbers))
        if len(doubtful):
            self._settle(found, doubtful, directions, np.broadcast_to(min_scale, numbers.shape))
        return found

    def _settle(self, found: Errors, unsettled: np.ndarray, directions: np.ndarray, min_scale: np.ndarray) -> None:
        """Compare numbers again, with shorter steps, until two lengths give the same reference.

        A step that is not much smaller than a number of the program, such as an epsilon of 1e-28, gives a wrong reference.
        """
        for factor in SHORTER_STEPS:
            shorter = self._errors_with(found.numbers[unsettled], directions[unsettled], min_scale[unsettled], factor)
            # Relative to the references alone: the scale of a wrong gradient would hide that they differ.
            changes, _ = relative_errors(shorter.expected, found.expected[unsettled], np.zeros(1))
            settled = changes <= np.fmax(shorter.allowed, STEADY)
            found.other[unsettled] = np.where(settled, np.nan, found.expected[unsettled])
            found.expected[unsettled] = shorter.expected
            found.errors[unsettled] = shorter.errors
            found.allowed[unsettled] = shorter.allowed
            unsettled = unsettled[~settled]
            if not len(unsettled):
                return

    def _errors_with(self, numbers: np.ndarray, directions: np.ndarray, min_scale: Any, factor: float) -> Errors:
        """Compare numbers with the derivatives along directions, with the step times `factor`."""
        expected, sizes, slack = self._directional(directions, factor)
        errors, denominators = relative_errors(numbers, expected, np.maximum(sizes, min_scale))
        allowed = np.where(np.isfinite(denominators), self._tolerance + slack / denominators, np.nan)
        return Errors(numbers, expected, np.full(len(expected), np.nan), errors, allowed)

    def _bisect(self, weights: np.ndarray, included: np.ndarray, has_fault: Callable[[Errors], bool]) -> int:
        """The flat index of an element with a fault, given that the projection with these weights has it."""
        indices = np.flatnonzero(included)
        while len(indices) > 1:
            half = indices[: len(indices) // 2]
            kept = np.zeros(len(weights))
            kept[half] = weights[half]
            indices = half if has_fault(self._projection(kept)) else indices[len(indices) // 2 :]
        return int(indices[0])
