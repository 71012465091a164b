"""What is reached in a graph from some of its nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def reached(starts: Iterable[int], following: Callable[[int], Iterable[int]]) -> set[int]:
    """These nodes and all that lie behind them; `following` gives the next ones of a node.

    >>> sorted(reached([3], {3: [1, 2], 2: [0], 1: [0], 0: []}.__getitem__))
    [0, 1, 2, 3]
    """
    found: set[int] = set()
    waiting = list(starts)  # no recursion: a chain may have thousands of nodes
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += following(node)
    return found
