"""What is known of an array without its elements: extremes, mean, spread and length, and how many are zero or not finite."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_SAFE = (1e-280, 1e300)
"""Sums of squares between these have neither lost digits to underflow nor come near overflow."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of an array of so many elements.

    `minimum`, `maximum`, `mean` and `std` (of the whole, not of a sample) are over its finite elements, NaN where there is
    none; `l2` is the square root of the sum of all squares. `minimum` and `maximum` of whole numbers are whole. Of complex
    numbers all are of the magnitudes.
    """

    count: int
    minimum: float = math.nan
    maximum: float = math.nan
    mean: float = math.nan
    std: float = math.nan
    l2: float = 0.0
    zeros: int = 0
    nans: int = 0
    infinities: int = 0

    @property
    def is_finite(self) -> bool:
        """Whether every element is finite."""
        return not self.nans and not self.infinities

    @property
    def finite_count(self) -> int:
        """How many elements are finite."""
        return self.count - self.nans - self.infinities


def summary_of(value: np.ndarray) -> Summary:
    """The statistics of an array, in double precision whatever its dtype.

    >>> summary_of(np.array([3.0, -4.0]))
    Summary(count=2, minimum=-4.0, maximum=3.0, mean=-0.5, std=3.5, l2=5.0, zeros=0, nans=0, infinities=0)
    >>> summary_of(np.array([0.0, np.nan, -np.inf]))
    Summary(count=3, minimum=0.0, maximum=0.0, mean=0.0, std=0.0, l2=nan, zeros=1, nans=1, infinities=1)
    >>> summary_of(np.array([True, False])).minimum, summary_of(np.zeros((0, 3))).count
    (0, 0)
    """
    if not value.size or value.dtype.kind not in "biufc":
        return Summary(value.size)
    with np.errstate(all="ignore"):
        value = np.abs(value) if value.dtype.kind == "c" else value
        zeros = value.size - int(np.count_nonzero(value))
        # A NaN is both the smallest and the largest: these two tell whether all are finite, without another pass.
        low, high = np.min(value).item(), np.max(value).item()
        nans = infinities = 0
        finite = value
        if not (math.isfinite(low) and math.isfinite(high)):
            nans, infinities = int(np.count_nonzero(np.isnan(value))), int(np.count_nonzero(np.isinf(value)))
            finite = value[np.isfinite(value)]
            low, high = (np.min(finite).item(), np.max(finite).item()) if finite.size else (math.nan, math.nan)
        if isinstance(low, bool):
            low, high = int(low), int(high)
        wide = finite.ravel(order="K").astype(np.float64, copy=False)
        mean = float(np.add.reduce(wide)) / wide.size if wide.size else math.nan
        length = math.nan if nans else math.inf if infinities else _length(wide)
        std = _length(wide - mean, wide.size) if math.isfinite(mean) else mean
    return Summary(value.size, low, high, mean, std, length, zeros, nans, infinities)


def _length(numbers: np.ndarray, among: int = 1) -> float:
    """The square root of the sum of squares, or of so many'th of it; scaled so that it overflows only where it must.

    >>> with np.errstate(over="ignore"):
    ...     _length(np.array([3e200, 4e200])) / 1e200, _length(np.zeros(2)), _length(np.zeros(0))
    (5.0, 0.0, 0.0)
    """
    squares = float(np.dot(numbers, numbers))
    if _SAFE[0] < squares < _SAFE[1]:
        return math.sqrt(squares / among)
    largest = float(np.max(np.abs(numbers), initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = numbers / largest
    return largest * math.sqrt(float(np.dot(scaled, scaled)) / among)
