"""Places of the grids of a picture of numbers, and the ways of its arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.scalars.cells import LANE, Block, block_of
from tracer.views.diagrams.scalars.layers import Column, columns_of, depths, spread
from tracer.views.diagrams.theme import Flow

BLOCK_GAP, PASS_GAP, BAND_GAP, CHANNEL, INSET, MARGIN = 16.0, 7.0, 20.0, 32.0, 4.0, 6.0
MAX_COLUMN = 1_500.0
"""Maximum height of the arrays of a column, if there are several, in points; of all bands together."""

SWEEPS = 4
"""How often the columns are put in the order of those beside them."""


@dataclass(slots=True)
class Item:
    """An array in a column, or the arrows of one that pass. Ports are the distances of arrows from the top, by cell."""

    array: int
    block: Block | None
    height: float
    enters: dict[str, float]
    leaves: dict[str, float]
    top: float = 0.0


@dataclass(frozen=True, slots=True)
class Wire:
    """An arrow from a cell to a cell, by key, and the points that it goes through."""

    tail: str
    head: str
    flow: Flow
    points: tuple[tuple[float, float], ...]


@dataclass(slots=True)
class Placed:
    """The blocks of a picture with the corners at their top left, and its arrows."""

    blocks: list[tuple[Block, float, float]] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def placed(diagram: Diagram) -> Placed:
    """Place the grids of a diagram, in as many bands as it asks for."""
    boxes = {box.key: box for box in diagram.boxes}
    home = {key: number for number, grid in enumerate(diagram.grids) for row in grid.rows for key in row}
    entered, left = {arrow.head for arrow in diagram.arrows}, {arrow.tail for arrow in diagram.arrows}
    blocks = [block_of(grid, boxes, entered, left) for grid in diagram.grids]
    uses = {(home[arrow.tail], home[arrow.head]) for arrow in diagram.arrows}
    levels = spread(depths(len(blocks), uses), [block.height + BLOCK_GAP for block in blocks], MAX_COLUMN / diagram.bands)
    columns = columns_of(levels, uses, [block.width + CHANNEL for block in blocks], diagram.bands)
    place = {number: at for at, column in enumerate(columns) for number in column.arrays}
    ends: dict[int, dict[str, int]] = {}
    """Of every array, the column that the arrows of each cell reach."""
    for arrow in diagram.arrows:
        of_array = ends.setdefault(home[arrow.tail], {})
        of_array[arrow.tail] = max(of_array.get(arrow.tail, 0), place[home[arrow.head]])
    items = [_items(column, at, blocks, ends) for at, column in enumerate(columns)]
    links = [_links(diagram, home, place, at) for at in range(len(columns) - 1)]
    _settle(columns, items, links)
    return _drawn(diagram, home, place, columns, items, links)


def _items(column: Column, at: int, blocks: Sequence[Block], ends: Mapping[int, Mapping[str, int]]) -> list[Item]:
    found = []
    for number in column.arrays:
        block = blocks[number]
        cells = block.cells
        found.append(Item(number, block, block.height, {key: cell.enter[-1] for key, cell in cells.items()},
                          {key: cell.leave[-1] for key, cell in cells.items()}))  # fmt: skip
    for number in column.passing:
        order = sorted((blocks[number].cells[key].leave[-1], key) for key, end in ends[number].items() if end > at)
        ports = {key: LANE * lane for lane, (_, key) in enumerate(order)}
        found.append(Item(number, None, LANE * (len(ports) - 1), ports, ports))
    return found


def _links(diagram: Diagram, home: Mapping[str, int], place: Mapping[int, int], at: int) -> list[tuple[str, str]]:
    """The ports that arrows connect between a column and the next, by the cell that they are of."""
    found: dict[tuple[str, str], None] = {}
    for arrow in diagram.arrows:
        if place[home[arrow.tail]] <= at < place[home[arrow.head]]:
            found[arrow.tail, arrow.head if place[home[arrow.head]] == at + 1 else arrow.tail] = None
    return list(found)


def _settle(columns: Sequence[Column], items: list[list[Item]], links: Sequence[Sequence[tuple[str, str]]]) -> None:
    """Order the items of every column and place them beside what they are connected with."""
    for column in items:
        _stack(column, [0.0] * len(column))
    for sweep in range(SWEEPS):
        order = range(1, len(items)) if sweep % 2 == 0 else range(len(items) - 2, -1, -1)
        for at in order:
            other = at - 1 if sweep % 2 == 0 else at + 1
            between = links[min(at, other)]
            if columns[at].turns == -1 and other == at - 1:
                # Arrows into the next band stay in their order, so that none cross on the way.
                rank = {item.array: position for position, item in enumerate(items[other])}
                items[at] = _sorted(items[at], rank)
                _stack(items[at], [0.0] * len(items[at]))
                continue
            wanted = _wanted(items[at], items[other], between, is_forward=other < at)
            middles = {item.array: wanted.get(item.array, item.top + item.height / 2) for item in items[at]}
            if columns[at].turns != -1:
                items[at] = _sorted(items[at], middles)
            _stack(items[at], [middles[item.array] - item.height / 2 for item in items[at]])


def _wanted(
    items: Sequence[Item], others: Sequence[Item], between: Sequence[tuple[str, str]], *, is_forward: bool
) -> dict[int, float]:
    """Where the middle of each item would be level with what it is connected with, by the number of its array."""
    here = {key: (item, port) for item in items for key, port in (item.enters if is_forward else item.leaves).items()}
    there = {key: item.top + port for item in others for key, port in (item.leaves if is_forward else item.enters).items()}
    shifts: dict[int, list[float]] = {}
    middles: dict[int, float] = {}
    for tail, head in between:
        own, other = (head, tail) if is_forward else (tail, head)
        if own in here and other in there:
            item, port = here[own]
            shifts.setdefault(item.array, []).append(there[other] - port)
            middles[item.array] = item.height / 2
    return {array: sum(each) / len(each) + middles[array] for array, each in shifts.items()}


def _sorted(items: Sequence[Item], places: Mapping[int, float]) -> list[Item]:
    return sorted(items, key=lambda item: places[item.array])


def _stack(items: Sequence[Item], wanted: Sequence[float]) -> None:
    """Place items below each other in this order, as near to the wanted tops as can be (pool adjacent violators)."""
    offset, groups = 0.0, []
    for item, top in zip(items, wanted, strict=True):
        groups.append([top - offset, 1.0])
        offset += item.height + (BLOCK_GAP if item.block else PASS_GAP)
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (one, count), (other, more) = groups[-2:]
            groups[-2:] = [[(one * count + other * more) / (count + more), count + more]]
    starts = [start for start, count in groups for _ in range(int(count))]
    offset = 0.0
    for item, start in zip(items, starts, strict=True):
        item.top = start + offset
        offset += item.height + (BLOCK_GAP if item.block else PASS_GAP)


def _drawn(
    diagram: Diagram, home: Mapping[str, int], place: Mapping[int, int], columns: Sequence[Column],
    items: Sequence[list[Item]], links: Sequence[Sequence[tuple[str, str]]],
) -> Placed:  # fmt: skip
    lefts, rights = _across(columns, items, links)
    found = Placed(width=max(rights) + MARGIN)
    turns = {at: sum(len(item.leaves) for item in items[at]) for at, column in enumerate(columns) if column.turns == 1}
    top = MARGIN
    for band in range(columns[-1].band + 1):
        inside = [item for at, column in enumerate(columns) if column.band == band for item in items[at]]
        shift = top - min(item.top for item in inside)
        for item in inside:
            item.top += shift
        top = max(item.top + item.height for item in inside) + BAND_GAP
        top += LANE * sum(count for at, count in turns.items() if columns[at].band == band)
    found.height = top - BAND_GAP + MARGIN
    at_place = {(item.array, at): item for at, column in enumerate(items) for item in column}
    corridor = {at: _corridors(columns, items, at) for at in turns}
    for at, column in enumerate(items):
        found.blocks += [(item.block, lefts[at], item.top) for item in column if item.block]
    for arrow in diagram.arrows:
        first, last = place[home[arrow.tail]], place[home[arrow.head]]
        start, end = at_place[home[arrow.tail], first], at_place[home[arrow.head], last]
        assert start.block is not None
        assert end.block is not None
        cell = start.block.cells[arrow.tail]
        points = [(lefts[first] + cell.right, start.top + cell.leave[0])]
        points += [(lefts[first] + cell.leave[1], start.top + cell.leave[at]) for at in (0, 2)] if len(cell.leave) > 1 else []
        points.append((rights[first], start.top + cell.leave[-1]))
        for at in range(first + 1, last):
            y = at_place[home[arrow.tail], at].top + at_place[home[arrow.tail], at].leaves[arrow.tail]
            if columns[at].turns == 1:
                x, level = lefts[at] + corridor[at][arrow.tail][0], corridor[at][arrow.tail][1]
                points += [(lefts[at], y), (x, y), (x, level)]
            elif columns[at].turns == -1:
                x, level = lefts[at] + corridor[at - 1][arrow.tail][0], corridor[at - 1][arrow.tail][1]
                points += [(x, level), (x, y), (rights[at], y)]
            else:
                points += [(lefts[at], y), (rights[at], y)]
        cell = end.block.cells[arrow.head]
        points.append((lefts[last] - INSET, end.top + cell.enter[-1]))
        points += [(lefts[last] + cell.enter[1], end.top + cell.enter[at]) for at in (2, 0)] if len(cell.enter) > 1 else []
        points.append((lefts[last] + cell.left, end.top + cell.enter[0]))
        found.wires.append(Wire(arrow.tail, arrow.head, arrow.flow, tuple(points)))
    return found


def _across(
    columns: Sequence[Column], items: Sequence[list[Item]], links: Sequence[Sequence[tuple[str, str]]]
) -> tuple[list[float], list[float]]:
    """The left and the right side of every column."""
    lefts, rights = [MARGIN], []
    for at, column in enumerate(columns):
        width = max((item.block.width for item in items[at] if item.block), default=0.0)
        if column.turns:
            width = LANE * (sum(len(item.leaves) for item in items[at]) + 1)
        rights.append(lefts[at] + width)
        if at + 1 < len(columns):
            is_new = columns[at + 1].turns == -1
            lefts.append(MARGIN if is_new else rights[at] + CHANNEL + min(40.0, 0.15 * len(links[at])))
    return lefts, rights


def _corridors(columns: Sequence[Column], items: Sequence[list[Item]], at: int) -> dict[str, tuple[float, float]]:
    """Where each arrow turns at the end of a band, from the left side of the column, and its level between the bands.

    The topmost arrow turns last, so that none cross.
    """
    bottom = max(item.top + item.height for other, column in enumerate(items) if columns[other].band == columns[at].band
                 for item in column)  # fmt: skip
    keys = [key for item in items[at] for key in item.leaves]
    return {key: (LANE * (len(keys) - lane), bottom + BAND_GAP / 2 + LANE * (len(keys) - lane)) for lane, key in enumerate(keys)}
