"""The statistics of many small arrays at once: those of one dtype and size are the rows of one array.

Each row is added up as `tracer.graph.summary` adds up a single array, so that the bits are the same. Rows that need more than one
way to add them up, as those with NaN, are left to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np

from tracer.graph.missing import StoredValue
from tracer.graph.record import Node, Step
from tracer.graph.structures.shared import contents_at
from tracer.graph.summary import MIN_REMAINDER, SAFE, Summary, summary_of

Content: TypeAlias = np.ndarray | StoredValue
Statistics: TypeAlias = tuple[int | float, ...]
"""The statistics of an array in the order of `Summary.as_dict`."""

MAX_SIZE = 512
"""Elements of the largest array that is copied into a row; for a larger one, computing is slower than calling."""

ALIGNMENT = 8
"""Numbers between the starts of rows, or a multiple of it: 64 bytes."""

MIN_ROWS = 4
"""Rows that are worth an array."""

MAX_NODES = 5_000
"""Nodes of steps in a file whose values are read together."""


class StatisticsTable:
    """The statistics of many arrays: a column for each statistic, by its name in `Summary.as_dict`."""

    def __init__(self, count: int) -> None:
        kinds = {name: type(value) for name, value in Summary(0).as_dict().items()}
        self.columns = {name: np.zeros(count, kind) for name, kind in kinds.items()}
        self._integers: dict[int, Statistics] = {}  # extremes that are integers, which a column holds as floats

    def rows(self) -> list[Statistics]:
        """The statistics of each array."""
        rows: list[Statistics] = list(zip(*(column.tolist() for column in self.columns.values())))
        for position, row in self._integers.items():
            rows[position] = row
        return rows

    def put_single(self, position: int, content: Content) -> None:
        """The statistics of an array by itself; those of a value in a file are read from it."""
        summary = summary_of(content) if isinstance(content, np.ndarray) else content.summary
        for column, value in zip(self.columns.values(), row := tuple(summary.as_dict().values())):
            column[position] = value
        if isinstance(summary.minimum, int):
            self._integers[position] = row

    def put_many(self, positions: Sequence[int], contents: Sequence[Content]) -> None:
        """The statistics of arrays of any dtypes and sizes."""
        alike: dict[tuple[np.dtype, int], list[int]] = {}
        for at, content in enumerate(contents):
            if isinstance(content, np.ndarray) and content.dtype.kind in "iuf" and 0 < content.size <= MAX_SIZE:
                alike.setdefault((content.dtype, content.size), []).append(at)
            else:
                self.put_single(positions[at], content)
        for (dtype, _), found in alike.items():
            left: Sequence[int] = range(len(found))
            if dtype.itemsize <= 8 and len(found) >= MIN_ROWS:
                rows = np.array([contents[at].ravel(order="K") for at in found])  # type: ignore[union-attr]
                left = self.put_rows(np.array([positions[at] for at in found]), rows)
            for at in left:
                self.put_single(positions[found[at]], contents[found[at]])

    def put_rows(self, positions: np.ndarray, rows: np.ndarray) -> list[int]:
        """The statistics of each row, an array; returns the rows that are left to `put_single`."""
        is_usual, found = _statistics_of_rows(rows)
        for name, values in found.items():
            self.columns[name][positions] = values
        if rows.dtype.kind != "f":
            several = zip(*(np.broadcast_to(found[name], len(rows)).tolist() for name in self.columns))
            self._integers |= dict(zip(positions.tolist(), several))
        return np.flatnonzero(~is_usual).tolist()


def summarize(nodes: Sequence[Node]) -> None:
    """Compute the statistics of these values together, where they are not known yet."""
    unknown = [node for node in nodes if not node.is_summarized]
    table = StatisticsTable(len(unknown))
    table.put_many(range(len(unknown)), [node.content for node in unknown])
    for node, statistics in zip(unknown, table.rows()):
        node.set_summary(Summary(*statistics))  # type: ignore[arg-type]  # the first and the last three are whole numbers


def statistics_of(steps: Sequence[Step]) -> StatisticsTable:
    """The statistics of the nodes of steps, one step after the other."""
    ends = list(accumulate(len(step.nodes) for step in steps))
    table = StatisticsTable(ends[-1])
    positions: list[int] = []
    contents: list[Content] = []
    for layout, together in _by_layout(list(zip([0, *ends], steps))):
        others = range(len(together[0][1].nodes)) if layout is None else _put_stacked(table, layout, together)
        for start, step in together:
            positions += [start + id for id in others]
            contents += contents_at(step, others)
    table.put_many(positions, contents)
    return table


def _by_layout(placed: Sequence[tuple[int, Step]]) -> Iterator[tuple[Any, Sequence[tuple[int, Step]]]]:
    """Steps in a file, with where they start in a table, whose values are at the same places of their rows, and that layout.

    Those in memory are by themselves, and their layout is None.
    """
    alike: dict[int, tuple[Any, list[tuple[int, Step]]]] = {}
    for start, step in placed:
        layout = getattr(step.nodes, "layout", None)
        alike.setdefault(id(step if layout is None else layout), (layout, []))[1].append((start, step))
    for layout, together in alike.values():
        count = max(1, MAX_NODES // len(together[0][1].nodes))
        yield from ((layout, together[first : first + count]) for first in range(0, len(together), count))


def _put_stacked(table: StatisticsTable, layout: Any, together: Sequence[tuple[int, Step]]) -> Sequence[int]:
    """Put the statistics of values of one dtype and size into the table, those of all steps at once; returns the other ids."""
    others = set(range(len(together[0][1].nodes)))
    starts = np.array([start for start, _ in together])
    for ids, values in layout.stacked([step.nodes.row for _, step in together]):  # type: ignore[attr-defined]
        if values.shape[-1] > MAX_SIZE:
            continue
        others.difference_update(ids)
        for row in table.put_rows((starts[:, None] + ids).ravel(), values.reshape(-1, values.shape[-1])):
            at, number = divmod(row, len(ids))
            start, step = together[at]
            table.put_single(start + ids[number], *contents_at(step, [ids[number]]))
    return sorted(others)


def _statistics_of_rows(rows: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Which rows are usual, and their statistics; the others are left to `summary_of`."""
    count = rows.shape[1]
    with np.errstate(all="ignore"):
        low, high = np.minimum.reduce(rows, axis=1), np.maximum.reduce(rows, axis=1)
        if rows.dtype.kind == "f":
            low, high = low.astype(float), high.astype(float)
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
        is_extreme = (low == 0) | (high == 0)
        is_usual &= ~(is_extreme & np.any(is_zero & np.signbit(rows), axis=1))  # which zero is the smaller is not specified
    statistics = {"count": count, "min": low, "max": high, "mean": mean, "std": std, "l2": norm, "zeros": zeros}
    return is_usual, statistics | {"nans": 0, "infinities": 0}


def _aligned(rows: np.ndarray) -> np.ndarray:
    """The rows in double precision, each at an address as those of arrays: kernels may add up others in another order."""
    count = rows.shape[1]
    wide = np.empty((len(rows), count + -count % ALIGNMENT))[:, :count]
    wide[...] = rows
    return wide


def _dot(rows: np.ndarray) -> np.ndarray:
    """The product of each row with itself, by the function that `numpy.dot` calls for a single one."""
    return np.asarray((rows[:, None, :] @ rows[:, :, None])[:, 0, 0])
