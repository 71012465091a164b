"""Numbers of large values that the page has exactly: those of which one element of each operation is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from tracer.graph.record import Node, Step
from tracer.ops.indices import Index, unraveled
from tracer.views.explaining.largest import largest_index
from tracer.views.player.inspector.operands import Written, operands_of
from tracer.views.worked import input_elements

MAX_TERMS = 1024
"""Maximum number of elements of an input; of an element with more terms the page has the result only."""


def exact_numbers(step: Step, large: frozenset[int], written: Mapping[int, Written]) -> dict[str, Any]:
    """For each operation with a large input or result, the position of its largest element; and the numbers this is made of.

    `chosen` maps operations to positions, `numbers` the id of a large value to its positions and numbers, as text that gives the
    same number again in its dtype.
    """
    chosen: dict[str, int] = {}
    cells: dict[int, dict[int, str]] = defaultdict(dict)
    for node in step.nodes:
        if not node.is_kept or not node.size or node.value.dtype.kind not in "fiub":
            continue
        if node.id not in large and large.isdisjoint(node.operands):
            continue
        index = _largest(node)
        at = _position(node, index)
        if node.id in large:
            chosen[str(node.id)] = at
            cells[node.id][at] = _text(node, index)
        for operand, places in input_elements(step.nodes, node, index) or () if not node.is_leaf else ():
            if operand in large and len(places) <= MAX_TERMS:
                source = step.nodes[operand]
                cells[operand] |= {_position(source, place): _text(source, place) for place in places}
    for found in written.values():
        for id, at in operands_of(found.elements[found.largest]):
            if id in large:
                cells[id][at] = _text(step.nodes[id], unraveled(at, step.nodes[id].shape))
    numbers = {str(id): [list(found), list(found.values())] for id, found in cells.items()}
    return {"chosen": chosen, "numbers": numbers}


def _largest(node: Node) -> Index:
    """The index of the largest element; of an array of zeros, of the first."""
    return largest_index(node) or (0,) * len(node.shape)


def _position(node: Node, index: Index) -> int:
    """The position of an element in the order of rows."""
    return int(np.ravel_multi_index(tuple(int(each) for each in index), node.shape)) if node.shape else 0


def _text(node: Node, index: Index) -> str:
    return str(node.value[tuple(index)])
