"""The ranks of a graph when it is drawn, each node below its inputs: how many of them its edges pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def passed_ranks(edges: Iterable[tuple[Key, Key]]) -> int:
    """The number of ranks that edges pass between their ends, if every node is one rank below the lowest of its inputs.

    A node without inputs is one rank above the highest of its users. The engine adds a point wherever an edge passes a rank, and
    takes time with the square of their number. Edges of a cycle are left out.

    >>> passed_ranks([("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("w", "d")])
    2
    """
    edges = list(edges)
    below: dict[Key, list[Key]] = defaultdict(list)
    missing: dict[Key, int] = {}
    for above, under in edges:
        below[above].append(under)
        missing[under] = missing.get(under, 0) + 1
    rank = {above: 0 for above in below if above not in missing}
    sources = list(rank)
    ready = list(rank)
    while ready:
        above = ready.pop()
        for under in below[above]:
            rank[under] = max(rank.get(under, 0), rank[above] + 1)
            missing[under] -= 1
            if not missing[under]:
                ready.append(under)
    settled = {key for key in rank if not missing.get(key)}
    for source in sources:
        rank[source] = min((rank[under] for under in below[source] if under in settled), default=1) - 1
    return sum(rank[under] - rank[above] - 1 for above, under in edges if above in settled and under in settled)
