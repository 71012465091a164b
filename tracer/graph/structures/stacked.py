"""The statistics of many small arrays at once: those of one dtype and size are the rows of one array.

Each row is added up as `tracer.graph.summary` adds up a single array, so that the bits are the same. Rows that need more than one
way to add them up, as those with NaN, are left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from tracer.graph.missing import StoredValue
from tracer.graph.summary import MIN_REMAINDER, SAFE, Summary, summary_of

Statistics: TypeAlias = tuple[int | float, ...]
"""The statistics of an array in the order of `Summary.as_dict`."""

MAX_SIZE = 512
"""Elements of the largest array that is copied into a row; for a larger one, computing is slower than calling."""

ALIGNMENT = 8
"""Numbers between the starts of rows, or a multiple of it: 64 bytes."""

MIN_ROWS = 4
"""Rows that are worth an array."""


def statistics_of(contents: Sequence[np.ndarray | StoredValue]) -> list[Statistics]:
    """The statistics of each of these values; those of values in a file are read from it."""
    found: list[Statistics | None] = [None] * len(contents)
    alike: dict[tuple[np.dtype, int], list[int]] = {}
    for position, content in enumerate(contents):
        if isinstance(content, np.ndarray) and content.dtype.kind == "f" and 0 < content.size <= MAX_SIZE:
            alike.setdefault((content.dtype, content.size), []).append(position)
    for (dtype, _), positions in alike.items():
        if dtype.itemsize <= 8 and len(positions) >= MIN_ROWS:
            rows = np.array([contents[position].ravel(order="K") for position in positions])  # type: ignore[union-attr]
            for position, row in zip(positions, _statistics_of_rows(rows)):
                found[position] = row
    return [_statistics(content) if each is None else each for content, each in zip(contents, found)]


def _statistics(content: np.ndarray | StoredValue) -> Statistics:
    summary: Summary = summary_of(content) if isinstance(content, np.ndarray) else content.summary
    return tuple(summary.as_dict().values())


def _statistics_of_rows(rows: np.ndarray) -> list[Statistics | None]:
    """The statistics of each row; None for one that is left to `summary_of`."""
    count = rows.shape[1]
    with np.errstate(all="ignore"):
        low, high = np.minimum.reduce(rows, axis=1).astype(float), np.maximum.reduce(rows, axis=1).astype(float)
        is_zero = rows == 0
        zeros = np.count_nonzero(is_zero, axis=1)
        wide = _aligned(rows)
        total, products = np.add.reduce(wide, axis=1), _dot(wide)
        mean = total / count
        squares = products - total * mean
        loses_digits = ~((squares > MIN_REMAINDER * products) & (squares < np.inf))
        wide -= mean[:, None]
        squares = np.where(loses_digits, _dot(wide), squares)
        std = np.sqrt(squares / count)
        square_sum = squares + count * mean * mean
        norm = np.where((low == 0) & (high == 0), 0.0, np.sqrt(square_sum))
        is_usual = np.isfinite(low) & np.isfinite(high) & np.isfinite(total) & np.isfinite(std)
        is_usual &= ((square_sum > SAFE[0]) & (square_sum < SAFE[1])) | ((low == 0) & (high == 0))
        is_usual &= ~np.any(is_zero & np.signbit(rows), axis=1)  # which zero is the smaller is not specified
    columns = (each.tolist() for each in (low, high, mean, std, norm, zeros))
    return [(count, *row, 0, 0) if usual else None for usual, *row in zip(is_usual.tolist(), *columns)]


def _aligned(rows: np.ndarray) -> np.ndarray:
    """The rows in double precision, each at an address as those of arrays: kernels may add up others in another order."""
    count = rows.shape[1]
    wide = np.empty((len(rows), count + -count % ALIGNMENT))[:, :count]
    wide[...] = rows
    return wide


def _dot(rows: np.ndarray) -> np.ndarray:
    """The product of each row with itself, by the function that `numpy.dot` calls for a single one."""
    return np.asarray((rows[:, None, :] @ rows[:, :, None])[:, 0, 0])
