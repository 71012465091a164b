"""Finds repetition in a step, such as the iterations of a loop: consecutive operations that occur again and again.

Two operations are alike if they are the same operation on the same line of the user's code; their shapes may differ.
Repetition may be nested: a cell of an outer loop contains the cells of the inner one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeAlias

import numpy as np

from tracer.graph.record import Node, Step

MIN_CELLS = 5
"""Minimum number of cells of a repetition."""

MAX_PERIOD = 2_000
"""Maximum number of operations and inner repetitions in a cell."""

MIN_COVERAGE = 0.8
"""Minimum length of irregular cells together, relative to the longest that were found."""

_NUMBER = re.compile(r"#\d+")


@dataclass(frozen=True, slots=True)
class Repetition:
    """Consecutive cells, each with the same operations in the same order unless `is_regular` is False."""

    cells: tuple[tuple[Item, ...], ...]
    is_regular: bool = True


Item: TypeAlias = "int | Repetition"
"""A node, by its id, or a repetition."""


def pattern_at(signatures: Sequence[Hashable], start: int, max_length: int, min_repeats: int) -> tuple[int, int]:
    """The pattern from `start` that covers the most, as its length and number of repetitions; (1, 1) if nothing repeats.

    >>> pattern_at("ababababc", 0, max_length=3, min_repeats=3), pattern_at("abc", 0, max_length=3, min_repeats=2)
    ((2, 4), (1, 1))
    """
    best = (1, 1)
    for length in range(1, max_length + 1):
        times = 1
        while signatures[start : start + length] == signatures[start + length * times : start + length * (times + 1)]:
            times += 1
        if times >= min_repeats and times * length > best[0] * best[1]:
            best = (length, times)
    return best


def ids_in(items: Sequence[Item]) -> Iterator[int]:
    """The ids of the nodes in these items, in order."""
    for item in items:
        if isinstance(item, Repetition):
            for cell in item.cells:
                yield from ids_in(cell)
        else:
            yield item


def repetitions(step: Step, ids: Sequence[int], max_items: int = 0) -> list[Item]:
    """These nodes, in order, with repetitions in place of the nodes that they contain.

    If more than `max_items` items remain, cells that are not all alike are searched for too: those that begin with the same
    operation.
    """
    search = _Search(step, ids)
    search.find_regular()
    # Irregular cells may themselves be alike in pairs once the inner ones are found, and may lie side by side.
    while len(search.items) > max_items and search.find_irregular():
        search.find_regular()
    return search.items


class _Search:
    """Replaces repetitions among `items` until there are none. `codes` has equal numbers for items that are alike."""

    def __init__(self, step: Step, ids: Sequence[int]) -> None:
        self._step = step
        self._numbers: dict[Hashable, int] = {}
        self._code_of: dict[int | None, int | None] = {None: None}
        for node in step.nodes:
            self._code_of[node.id] = self._number(self._signature(node))
        self.items: list[Item] = list(ids)
        self.codes = [self._number(self._signature(step.nodes[id])) for id in ids]
        self._contents: list[tuple[int, ...]] = [()] * len(ids)
        """The codes of the items in each repetition among `items`; empty for nodes."""

    def _number(self, signature: Hashable) -> int:
        return self._numbers.setdefault(signature, len(self._numbers))

    def _signature(self, node: Node) -> Hashable:
        """What nodes that are alike have in common."""
        # The name of a gradient may contain an index, as in `dL/d(x[3] @ W)`.
        name = _NUMBER.sub("", node.name) if node.gradient_of is None else ""
        related = self._code_of[node.rule_of], self._code_of[node.gradient_of]
        return node.op, node.phase, node.source, len(node.shape), _NUMBER.sub("", node.scope), name, related

    def find_regular(self) -> None:
        """Replace runs of equal cells, inner loops first."""
        while found := self._shortest_runs():
            period, runs = found
            for start, length in reversed(runs):
                offset = self._offset(start, length, period)
                count = (length - offset) // period
                first = start + offset
                cells = [(first + period * cell, first + period * (cell + 1)) for cell in range(count)]
                self._replace(cells, is_regular=True)

    def _shortest_runs(self) -> tuple[int, list[tuple[int, int]]] | None:
        """The smallest period of a repetition, and the start and length of every run of that period."""
        codes = np.array(self.codes)
        for period in range(1, min(MAX_PERIOD, len(codes) // MIN_CELLS) + 1):
            differs = np.flatnonzero(codes[period:] != codes[:-period])
            edges = np.concatenate(([-1], differs, [len(codes) - period]))
            lengths = np.diff(edges) - 1 + period
            # One more period than required, less one item: a cell may be lost to where the cells begin.
            long = np.flatnonzero(lengths >= period * MIN_CELLS)
            if len(long):
                return period, [(int(edges[run]) + 1, int(lengths[run])) for run in long]
        return None

    def _offset(self, start: int, length: int, period: int) -> int:
        """Where the first cell begins: where the fewest values are in use, so that a cell is an iteration of the loop.

        Of such places the one after the largest step back in the source is chosen.
        """
        choices = min(period, length - period * MIN_CELLS + 1)
        if choices == 1:
            return 0
        position = {id: at for at in range(start, start + length) for id in ids_in([self.items[at]])}
        ends: dict[int, int] = {}
        for id, at in position.items():
            for operand in self._step.nodes[id].operands:
                if operand in position and position[operand] < at:
                    ends[operand] = at
        changes = [0] * (length + 1)
        for id, end in ends.items():
            # The value is in use at every place after its own item, up to its last use.
            changes[position[id] - start + 1] += 1
            changes[end - start + 1] -= 1
        in_use = list(accumulate(changes))
        return min(
            range(choices), key=lambda offset: (in_use[offset + period], -self._step_back(start + offset + period), offset)
        )

    def _step_back(self, at: int) -> int:
        """How many lines further up an item is than the one before it; 0 if it is not in the same file."""
        above, below = (self._step.nodes[next(ids_in([self.items[place]]))].source for place in (at - 1, at))
        if above is None or below is None or above.file != below.file:
            return 0
        return above.line - below.line

    def _replace(self, bounds: Sequence[tuple[int, int]], *, is_regular: bool) -> None:
        """Put a repetition in the place of its cells."""
        start, end = bounds[0][0], bounds[-1][1]
        cells = tuple(tuple(self.items[first:last]) for first, last in bounds)
        # The number of cells is left out: the loops within an outer loop may differ in length.
        signature = min(_rotations(self.codes[slice(*bounds[0])])) if is_regular else tuple(sorted(set(self.codes[start:end])))
        self.items[start:end] = [Repetition(cells, is_regular)]
        self._contents[start:end] = [tuple(self.codes[start:end])]
        self.codes[start:end] = [self._number(("repetition", is_regular, signature))]

    def find_irregular(self) -> bool:
        """Replace cells that begin with the same operation; False if there are none."""
        places = self._places()
        if not places:
            return False
        longest = max(starts[-1] - starts[0] for starts in places.values())
        covering = [code for code, starts in places.items() if starts[-1] - starts[0] > MIN_COVERAGE * longest]
        code = min(covering, key=lambda code: self._rank(places[code]))
        # A few equal cells in a row are no loop of their own.
        for at in reversed(range(len(self.items))):
            if code in self._contents[at]:
                self._expand(at)
        starts = self._places()[code]
        inside = set(self.codes[starts[0] : starts[-1]])
        end = starts[-1] + 1
        while end < len(self.codes) and self.codes[end] in inside:
            end += 1
        self._replace([*pairwise(starts), (starts[-1], end)], is_regular=False)
        return True

    def _places(self) -> dict[int, list[int]]:
        """Where the operations are that occur often enough to begin a cell, by their code."""
        places: dict[int, list[int]] = defaultdict(list)
        for at, code in enumerate(self.codes):
            if not isinstance(self.items[at], Repetition):
                places[code].append(at)
        return {code: starts for code, starts in places.items() if len(starts) >= MIN_CELLS}

    def _expand(self, at: int) -> None:
        """Put the items of a repetition in its place."""
        repetition = self.items[at]
        assert isinstance(repetition, Repetition)
        inner = [item for cell in repetition.cells for item in cell]
        self.codes[at : at + 1] = self._contents[at]
        self.items[at : at + 1] = inner
        self._contents[at : at + 1] = [()] * len(inner)

    def _rank(self, starts: Sequence[int]) -> tuple[float, int]:
        """The order of preference of cells with these starts: of few kinds, and beginning early."""
        kinds = {tuple(self.codes[first:last]) for first, last in pairwise(starts)}
        return len(kinds) / len(starts), starts[0]


def _rotations(codes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    # Only a few: the order matters little, and a long cell has as many rotations as items.
    for shift in range(min(len(codes), 50)):
        yield (*codes[shift:], *codes[:shift])
