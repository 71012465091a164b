"""The arrays of a picture of numbers in columns, from left to right by depth, and in bands below each other if there are many.

Between an array and a user further on, its arrows pass the columns between them, and go from the end of a band to the start
of the next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Column:
    """Arrays, by number, and arrays whose arrows pass. `turns` is 1 at the end of a band, -1 at the start of the next, else 0."""

    band: int
    arrays: tuple[int, ...] = ()
    passing: tuple[int, ...] = ()
    turns: int = 0


def depths(count: int, uses: Collection[tuple[int, int]]) -> list[int]:
    """The depth of every array: one more than those that it is computed from; what is computed from none is next to its user.

    >>> depths(5, {(0, 1), (1, 3), (2, 3), (3, 4), (1, 4)})
    [0, 1, 1, 2, 3]
    """
    found = [0] * count
    operands: dict[int, list[int]] = {}
    users: dict[int, list[int]] = {}
    for tail, head in sorted(uses):
        operands.setdefault(head, []).append(tail)
        users.setdefault(tail, []).append(head)
    for number in range(count):
        found[number] = 1 + max((found[each] for each in operands.get(number, [])), default=-1)
    for number in range(count):
        if number not in operands and number in users:
            found[number] = min(found[each] for each in users[number]) - 1
    lowest = min(found, default=0)
    return [depth - lowest for depth in found]


def spread(depth: Sequence[int], heights: Sequence[float], limit: float) -> list[int]:
    """The columns of arrays by depth; those of a depth that are higher than the limit together are in several.

    >>> spread([0, 0, 0, 1, 1], [2, 2, 2, 1, 1], 4)
    [0, 0, 1, 2, 2]
    """
    found = [0] * len(depth)
    column = -1
    for level in range(max(depth, default=-1) + 1):
        column, height = column + 1, 0.0
        for number in (number for number, each in enumerate(depth) if each == level):
            if height and height + heights[number] > limit:
                column, height = column + 1, 0.0
            height += heights[number]
            found[number] = column
    return found


def columns_of(depth: Sequence[int], uses: Collection[tuple[int, int]], widths: Sequence[float], bands: int) -> list[Column]:
    """The columns of a picture in so many bands, as equally wide as they can be."""
    layers = [tuple(number for number, each in enumerate(depth) if each == level) for level in range(max(depth) + 1)]
    band = _bands([max((widths[number] for number in layer), default=0.0) for layer in layers], bands)
    columns: list[Column] = []
    for level, layer in enumerate(layers):
        if level and band[level] != band[level - 1]:
            columns += [Column(band[level - 1], turns=1), Column(band[level], turns=-1)]
        columns.append(Column(band[level], layer))
    place = {number: at for at, column in enumerate(columns) for number in column.arrays}
    last = {tail: max(place[head] for other, head in uses if other == tail) for tail, _ in uses}
    return [
        Column(
            column.band, column.arrays,
            tuple(number for number in sorted(last) if place[number] < at < last[number]), column.turns,
        )
        for at, column in enumerate(columns)
    ]  # fmt: skip


def _bands(widths: Sequence[float], bands: int) -> list[int]:
    """The band of every layer, so that the widest band is as narrow as possible.

    >>> _bands([1, 1, 3, 1, 1], 2), _bands([2, 2], 5), _bands([1, 1, 1], 1)
    ([0, 0, 0, 1, 1], [0, 1], [0, 0, 0])
    """
    ends = [0.0, *accumulate(widths)]
    limits = sorted({ends[stop] - ends[start] for start in range(len(widths)) for stop in range(start + 1, len(ends))})
    for limit in limits:
        found, used = [0], widths[0]
        for width in widths[1:]:
            is_next = used + width > limit + 1e-9
            used = width if is_next else used + width
            found.append(found[-1] + is_next)
        if found[-1] < bands and max(widths) <= limit + 1e-9:
            return found
    return [0] * len(widths)
