"""Statistics of an array: extremes, mean, spread, norm, and counts of zeros and non-finite elements."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

_SAFE = (1e-280, 1e300)
"""Sums of squares between these have neither lost digits to underflow nor come near overflow."""

_FAR = 1e-4
"""Of the sum of squares, what has to be left when the mean is taken off, so that twelve digits are right."""

_PIECE = 65_536
"""Elements that are looked at together: they stay in the cache of a processor."""


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

    def named(self) -> dict[str, int | float]:
        """The statistics by the short names that exports have for them."""
        return {
            "count": self.count,
            "min": self.minimum,
            "max": self.maximum,
            "mean": self.mean,
            "std": self.std,
            "l2": self.l2,
            "zeros": self.zeros,
            "nans": self.nans,
            "infinities": self.infinities,
        }

    def is_noise(self, statistic: float, dtype: str) -> bool:
        """Whether the mean or the spread of elements of that dtype is no more than what rounding can make of 0.

        Statistics are sums of `count` terms in double precision, and every element has been rounded to its dtype before.

        >>> summary = summary_of(np.array([0.1, 0.2, -0.3]))
        >>> summary.mean != 0, summary.is_noise(summary.mean, "float64"), summary.is_noise(summary.std, "float64")
        (True, True, False)
        """
        own = rounding_unit(dtype)
        if not own or not statistic:
            return False
        floor = (self.count * rounding_unit("float64") + own) * max(abs(self.minimum), abs(self.maximum))
        return abs(statistic) <= floor

    @property
    def is_finite(self) -> bool:
        """Whether every element is finite."""
        return not self.nans and not self.infinities

    @property
    def finite_count(self) -> int:
        """How many elements are finite."""
        return self.count - self.nans - self.infinities


@functools.cache
def rounding_unit(dtype: str) -> float:
    """The distance from 1 to the next number of a floating dtype; 0 for one whose numbers are whole.

    >>> rounding_unit("float32"), rounding_unit("int64")
    (1.1920928955078125e-07, 0.0)
    """
    try:
        return float(np.finfo(dtype).eps)
    except (TypeError, ValueError):  # whole numbers, or a dtype that another machine has
        return 0.0


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
    if value.dtype.kind == "b":
        return _of_flags(value.size, int(np.count_nonzero(value)))
    with np.errstate(all="ignore"):
        value = np.abs(value) if value.dtype.kind == "c" else value
        # A NaN is both the smallest and the largest: these two tell whether all are finite, without another pass.
        low, high = _extremes(value)
        nans = infinities = 0
        finite = value
        if not (math.isfinite(low) and math.isfinite(high)):
            nans, infinities = int(np.count_nonzero(np.isnan(value))), int(np.count_nonzero(np.isinf(value)))
            finite = value[np.isfinite(value)]
            low, high = _extremes(finite) if finite.size else (math.nan, math.nan)
        zeros, mean, squares = _moments(finite.ravel(order="K"))
        length = math.nan if nans else math.inf if infinities else _length(finite, mean, squares)
        std = math.sqrt(squares / finite.size) if finite.size else math.nan
        if math.isinf(std) and not infinities:
            scale = max(abs(low), abs(high))
            std = scale * math.sqrt(_moments((finite / scale).ravel(order="K"))[2] / finite.size)
    return Summary(value.size, low, high, mean, std, length, zeros, nans, infinities)


def _of_flags(count: int, true: int) -> Summary:
    """The statistics of so many booleans."""
    share = true / count
    spread = math.sqrt(share * (1 - share))
    return Summary(count, int(true == count), int(true > 0), share, spread, math.sqrt(true), count - true)


def _extremes(value: np.ndarray) -> tuple[float, float]:
    return np.minimum.reduce(value, axis=None).item(), np.maximum.reduce(value, axis=None).item()


def _moments(numbers: np.ndarray) -> tuple[int, float, float]:
    """How many numbers are zero, their mean, and the sum of the squares of their distances from it.

    A piece at a time, whose means and squares are put together (Chan, Golub and LeVeque, 1979): a large array is read once.

    >>> _moments(np.array([3.0, -4.0, 0.0, 5.0]))
    (1, 1.0, 46.0)
    """
    zeros, mean, squares = 0, math.nan, math.nan
    buffer = np.empty(min(numbers.size, _PIECE))
    for start in range(0, numbers.size, _PIECE):
        piece = numbers[start : start + _PIECE]
        wide = buffer[: piece.size]
        wide[...] = piece
        zeros += int(np.count_nonzero(piece == 0))  # faster than counting floats that are not
        total, products = float(np.add.reduce(wide)), float(np.dot(wide, wide))
        middle = total / piece.size if math.isfinite(total) else float(np.add.reduce(wide / piece.size))
        spread = products - total * middle
        if not _FAR * products < spread < math.inf:
            # Far from zero, the difference of these two would have lost its digits.
            wide -= middle
            spread = float(np.dot(wide, wide))
        if not start:
            mean, squares = middle, spread
            continue
        apart, share = middle - mean, piece.size / (start + piece.size)
        mean += apart * share
        squares += spread + apart * apart * share * start
    return zeros, mean, squares if math.isfinite(mean) else mean


def _length(numbers: np.ndarray, mean: float, squares: float) -> float:
    """The square root of the sum of squares; scaled by the largest where it would overflow or lose its digits.

    >>> _length(np.array([3e200, 4e200]), math.inf, math.inf) / 1e200, _length(np.zeros(2), 0.0, 0.0)
    (5.0, 0.0)
    """
    total = squares + numbers.size * mean * mean
    if _SAFE[0] < total < _SAFE[1]:
        return math.sqrt(total)
    largest = float(np.max(np.abs(numbers), initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(float(np.sum(np.square(numbers / largest))))
