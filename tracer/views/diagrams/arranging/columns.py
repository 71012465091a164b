"""Separate parts and fans of a diagram in rows and columns: side by side, sixty boxes are wider than any page.

Graphviz places what has the same rank side by side. Invisible arrows from one branch of a fan to the one below it give them
other ranks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tracer.views.diagrams.arranging.box_graph import BoxGraph
from tracer.views.diagrams.arranging.sizes import GAP, RANK_GAP, Size, size_of
from tracer.views.diagrams.diagram import Diagram

MAX_WIDTH = 1200.0
"""Width in points up to which parts stay side by side."""

MAX_RATIO = 1.6
"""Maximum width over height of wider ones."""

MIN_BRANCHES = 4
"""Minimum number of branches of a fan."""


def in_columns(diagram: Diagram, *, is_sideways: bool = False) -> Diagram:
    """The diagram with invisible arrows that arrange its fans, and then its separate parts; `is_sideways` from left to right.

    Its arrows are straight where they can be.
    """
    diagram = replace(diagram, is_straight=True)
    sizes = {box.key: size_of(box) for box in diagram.boxes}
    if is_sideways:
        sizes = {key: Size(height, width) for key, (width, height) in sizes.items()}
    if sum(width + GAP for width, _ in sizes.values()) <= MAX_WIDTH:
        return diagram
    graph = BoxGraph(diagram)
    for fan in _fans(graph):
        _arrange(graph, fan, sizes)
    _arrange(graph, graph.components(), sizes)
    return graph.arranged()


def _arrange(graph: BoxGraph, parts: Sequence[Sequence[str]], sizes: Mapping[str, Size]) -> None:
    """Place parts in as many columns as fit side by side, in order, row by row."""
    count = columns([_extent(graph, part, sizes) for part in parts])
    for above, below in zip(parts, parts[count:]):
        lowest = graph.lowest(above)
        for key in graph.highest(below):
            graph.place_below(lowest, key)


def _extent(graph: BoxGraph, part: Sequence[str], sizes: Mapping[str, Size]) -> Size:
    """The size of a part: its widest rank, and the highest boxes of all its ranks."""
    widths: dict[int, float] = defaultdict(float)
    heights: dict[int, float] = defaultdict(float)
    for key, rank in graph.ranks(part).items():
        widths[rank] += sizes[key].width + GAP
        heights[rank] = max(heights[rank], sizes[key].height + RANK_GAP)
    return Size(max(widths.values()), sum(heights.values()))


def columns(sizes: Sequence[Size]) -> int:
    """The number of columns for parts of these sizes: all of them if they fit side by side.

    >>> columns([Size(200, 100)] * 6), columns([Size(200, 100)] * 60)
    (6, 7)
    """
    for count in range(len(sizes), 1, -1):
        width = sum(max(size.width for size in sizes[column::count]) for column in range(count))
        height = max(sum(size.height for size in sizes[column::count]) for column in range(count))
        if width <= max(MAX_WIDTH, MAX_RATIO * height):
            return count
    return min(1, len(sizes))


def _fans(graph: BoxGraph) -> Iterator[list[list[str]]]:
    """The branches of every fan: what only one value leads into, and what only leads into one value."""
    for key in graph.below:
        for onward, back in ((graph.below, graph.above), (graph.above, graph.below)):
            if len(onward[key]) < MIN_BRANCHES:
                continue
            branches = [_branch(start, key, onward, back) for start in onward[key]]
            found = [branch for branch in branches if branch]
            if len(found) >= MIN_BRANCHES:
                yield found


def _branch(start: str, fork: str, onward: Mapping[str, Mapping[str, None]], back: Mapping[str, Mapping[str, None]]) -> list[str]:
    """The boxes behind a fork that are reached from one of its ends alone, with their own inputs; none if others lead to it."""
    found: dict[str, None] = {}
    pending = [start]
    while pending:
        key = pending.pop()
        others = [other for other in back[key] if other not in found and other != fork]
        if key in found or not all(not back[other] and set(onward[other]) <= {key, *found} for other in others):
            continue
        found |= dict.fromkeys([key, *others])
        pending += onward[key]
    return list(found)
