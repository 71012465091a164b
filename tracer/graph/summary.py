"""Statistics of an array: extremes, mean, standard deviation, norm, and counts of zeros and non-finite elements.

The base class of dataclasses that may hold NaN is here, because statistics of nothing are NaN.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

SAFE = (1e-280, 1e300)
"""Range of sums of squares without loss of digits to underflow, and without overflow."""

MIN_REMAINDER = 1e-4
"""Minimum share of the sum of squares that remains after subtracting the mean: cancellation leaves twelve correct digits."""

_CHUNK = 65_536
"""Elements processed at a time, so that they stay in the processor's cache."""


class EqualWithNan:
    """A dataclass that equals another if all fields do, where NaN equals NaN.

    The method that dataclasses get finds the same NaN object equal up to Python 3.12 and unequal since.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(_is_same(getattr(self, name), getattr(other, name)) for name in self.__match_args__)

    def __hash__(self) -> int:
        values = [getattr(self, name) for name in self.__match_args__]
        return hash(tuple(value if value == value else "nan" for value in values))


def _is_same(one: Any, other: Any) -> bool:
    """Whether two numbers are equal; two NaN if they are written alike: a complex number may have one part that is none."""
    return one is other or bool(one == other) or (one != one and str(one) == str(other))


@dataclass(frozen=True, slots=True, eq=False)
class Summary(EqualWithNan):
    """Statistics of an array of `count` elements.

    `minimum`, `maximum`, `mean` and `std` (of the population, not of a sample) cover the finite elements and are NaN if there
    are none; `l2` covers all elements. `minimum` and `maximum` of integers are integers. Statistics of complex numbers are
    those of their magnitudes.
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

    def as_dict(self) -> dict[str, int | float]:
        """The statistics by their short names in exports."""
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
        """Whether a mean or standard deviation of elements of that dtype may be pure rounding error.

        Statistics are sums of `count` terms in double precision, of elements that were rounded to their dtype.

        >>> summary = summary_of(np.array([0.1, 0.2, -0.3]))
        >>> summary.mean != 0, summary.is_noise(summary.mean, "float64"), summary.is_noise(summary.std, "float64")
        (True, True, False)
        """
        unit = rounding_unit(dtype)
        if not unit or not statistic:
            return False
        floor = (self.count * rounding_unit("float64") + unit) * max(abs(self.minimum), abs(self.maximum))
        return abs(statistic) <= floor

    @property
    def is_finite(self) -> bool:
        """Whether every element is finite."""
        return not self.nans and not self.infinities

    @property
    def finite_count(self) -> int:
        """The number of finite elements."""
        return self.count - self.nans - self.infinities


@functools.cache
def rounding_unit(dtype: str) -> float:
    """The machine epsilon of a floating dtype; 0 for any other.

    >>> rounding_unit("float32"), rounding_unit("bfloat16"), rounding_unit("int64")
    (1.1920928955078125e-07, 0.0078125, 0.0)
    """
    if dtype == "bfloat16":
        return 2.0**-7
    try:
        return float(np.finfo(dtype).eps)
    except (TypeError, ValueError):  # an integer dtype, or one that this machine lacks
        return 0.0


def summary_of(value: np.ndarray) -> Summary:
    """The statistics of an array, computed in double precision.

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
        return _boolean_summary(value.size, int(np.count_nonzero(value)))
    with np.errstate(all="ignore"):
        value = np.abs(value) if value.dtype.kind == "c" else value
        # NaN propagates to both extremes, so they show whether all elements are finite without another pass.
        low, high = _extremes(value)
        nans = infinities = 0
        finite = value
        if not (math.isfinite(low) and math.isfinite(high)):
            nans, infinities = int(np.count_nonzero(np.isnan(value))), int(np.count_nonzero(np.isinf(value)))
            finite = value[np.isfinite(value)]
            low, high = _extremes(finite) if finite.size else (math.nan, math.nan)
        zeros, mean, squares = _moments(finite.ravel(order="K"))
        norm = math.nan if nans else math.inf if infinities else _norm(finite, mean, squares)
        std = math.sqrt(squares / finite.size) if finite.size else math.nan
        if math.isinf(std) and not infinities:
            scale = max(abs(low), abs(high))
            std = scale * math.sqrt(_moments((finite / scale).ravel(order="K"))[2] / finite.size)
    return Summary(value.size, low, high, mean, std, norm, zeros, nans, infinities)


def _boolean_summary(count: int, true: int) -> Summary:
    share = true / count
    std = math.sqrt(share * (1 - share))
    return Summary(count, int(true == count), int(true > 0), share, std, math.sqrt(true), count - true)


def _extremes(value: np.ndarray) -> tuple[float, float]:
    low, high = np.minimum.reduce(value, axis=None).item(), np.maximum.reduce(value, axis=None).item()
    return (low, high) if value.dtype.kind != "f" else (float(low), float(high))  # `item` leaves a longdouble as it is


def _moments(numbers: np.ndarray) -> tuple[int, float, float]:
    """The number of zeros, the mean, and the sum of squared deviations from the mean.

    Moments of chunks are merged (Chan, Golub and LeVeque, 1979), so that a large array is read once.

    >>> _moments(np.array([3.0, -4.0, 0.0, 5.0]))
    (1, 1.0, 46.0)
    """
    zeros, mean, squares = 0, math.nan, math.nan
    buffer = np.empty(min(numbers.size, _CHUNK))
    for start in range(0, numbers.size, _CHUNK):
        chunk = numbers[start : start + _CHUNK]
        wide = buffer[: chunk.size]
        wide[...] = chunk
        zeros += int(np.count_nonzero(chunk == 0))  # faster than counting nonzero floats
        total, products = float(np.add.reduce(wide)), float(np.dot(wide, wide))
        chunk_mean = total / chunk.size if math.isfinite(total) else float(np.add.reduce(wide / chunk.size))
        chunk_squares = products - total * chunk_mean
        if not MIN_REMAINDER * products < chunk_squares < math.inf:
            # The difference has lost its digits to cancellation, or overflowed.
            wide -= chunk_mean
            chunk_squares = float(np.dot(wide, wide))
        if not start:
            mean, squares = chunk_mean, chunk_squares
            continue
        delta, share = chunk_mean - mean, chunk.size / (start + chunk.size)
        mean += delta * share
        squares += chunk_squares + delta * delta * share * start
    return zeros, mean, squares if math.isfinite(mean) else mean


def _norm(numbers: np.ndarray, mean: float, squares: float) -> float:
    """The Euclidean norm; scaled by the largest magnitude if squares would overflow or underflow.

    >>> _norm(np.array([3e200, 4e200]), math.inf, math.inf) / 1e200, _norm(np.zeros(2), 0.0, 0.0)
    (5.0, 0.0)
    """
    total = squares + numbers.size * mean * mean
    if SAFE[0] < total < SAFE[1]:
        return math.sqrt(total)
    largest = float(np.max(np.abs(numbers), initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(float(np.sum(np.square(numbers / largest))))
