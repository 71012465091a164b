"""The ranks of a graph when it is drawn, each node below its inputs, and how many of them its edges pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def passed_ranks(edges: Iterable[tuple[Key, Key]]) -> int:
    """The number of ranks that edges pass between their ends. Edges of a cycle are left out.

    The engine adds a point wherever an edge passes a rank, and takes time with the square of their number.

    >>> passed_ranks([("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("w", "d")])
    2
    """
    edges = list(edges)
    rank = ranks_of(edges)
    return sum(rank[under] - rank[above] - 1 for above, under in edges if above in rank and under in rank)


def ranks_of(edges: Iterable[tuple[Key, Key]]) -> dict[Key, int]:
    """The rank of every node, one below the lowest of its inputs; of those of a cycle, and of what depends on it, none.

    A node without inputs is one rank above the highest of its users.

    >>> sorted(ranks_of([("a", "b"), ("b", "c"), ("w", "c")]).items())
    [('a', 0), ('b', 1), ('c', 2), ('w', 1)]
    """
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
    settled = {key: place for key, place in rank.items() if not missing.get(key)}
    for source in sources:
        settled[source] = min((settled[under] for under in below[source] if under in settled), default=1) - 1
    return settled


def late_ranks(edges: Iterable[tuple[Key, Key]]) -> dict[Key, int]:
    """The ranks with every node as low as its users allow: what only one cell of a loop uses is beside that cell.

    >>> sorted(late_ranks([("a", "b"), ("b", "c"), ("u", "w"), ("w", "c")]).items())
    [('a', 0), ('b', 1), ('c', 2), ('u', 0), ('w', 1)]
    >>> sorted(late_ranks([("a", "b"), ("b", "c"), ("c", "d"), ("u", "w"), ("w", "d")]).items())
    [('a', 0), ('b', 1), ('c', 2), ('d', 3), ('u', 1), ('w', 2)]
    """
    edges = list(edges)
    ranks = ranks_of(edges)
    below: dict[Key, list[Key]] = defaultdict(list)
    for above, under in edges:
        if above in ranks and under in ranks:
            below[above].append(under)
    for key in sorted(ranks, key=ranks.__getitem__, reverse=True):
        if below[key]:
            ranks[key] = min(ranks[under] for under in below[key]) - 1
    return ranks
