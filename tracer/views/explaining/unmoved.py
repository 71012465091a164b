"""The numbers of parameters that an update, or a run, left as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Node, Step


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the numbers of a parameter."""

    node: Node
    count: int
    total: int


def unmoved(first: Step, last: Step) -> Iterator[Share]:
    """The elements of parameters of the first step that are the same after the last; of updated ones whose values were kept."""
    ends = {node.name: last.nodes[last.updates[node.id]] for node in last.parameters if node.id in last.updates}
    for node in first.parameters:
        end = ends.get(node.name)
        if end is None or node.shape != end.shape or not (node.is_kept and end.is_kept):
            continue
        same = int(np.sum(node.value == end.value))
        if same:
            yield Share(node, same, node.size)
