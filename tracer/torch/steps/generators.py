"""The states of the random number generators that the operations of a step draw from, as leaves of the step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tracer.graph.record import Phase
from tracer.torch.operation import Operation
from tracer.torch.snapshots import snapshot_of, stacked
from tracer.torch.steps.calls import NO_CALL

GENERATOR = "generator"
"""The name of the leaf with the states of the random number generators that the operations of a step draw from."""


def with_generators(operations: list[Operation], live: Iterable[int]) -> set[int]:
    """Give the random operations the states of their generators, as rows of one leaf of the step; returns the leaf, if any.

    Generators of different devices have states of different sizes, and so leaves of their own.
    """
    by_size: dict[int, dict[int, Any]] = defaultdict(dict)
    drawing = [operations[id] for id in sorted(live) if operations[id].generator is not None]
    for each in drawing:
        by_size[each.generator.numel()].setdefault(id(each.generator), each.generator)
    leaves: set[int] = set()
    for size, states in by_size.items():
        leaf = len(operations)
        operations.append(Operation("state", NO_CALL, snapshot_of(stacked(list(states.values()))), Phase.INIT, name=GENERATOR))
        leaves.add(leaf)
        rows = list(states)
        for each in drawing:
            if each.generator.numel() == size:
                each.drawn, each.call = rows.index(id(each.generator)), replace(each.call, inputs=(*each.inputs, leaf))
    return leaves
