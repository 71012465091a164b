"""Rounding noise in the results of additions: what is left when terms cancel, written `~0`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tracer.graph.record import Literal, Node
from tracer.graph.summary import rounding_unit
from tracer.ops import registry
from tracer.ops.indices import Index

NOISE = "~0"
"""How a number is written that rounding alone can make."""

_SMALL = 64
"""Elements up to which a value is looked at as a whole, and what was found is kept."""


class Noise:
    """The rounding noise in the values of a step's nodes. Without the nodes, nothing is known of what was added."""

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        self._nodes = nodes
        # What was found, by the ids of nodes: of a log every number asks.
        self._masks: dict[int, np.ndarray | None] = {}
        self._bounds: dict[int, float] = {}
        self._inputs: dict[int, tuple[int, float]] = {}

    def of(self, node: Node) -> np.ndarray | None:
        """Which elements of a node's value are noise, an array of its shape; None where none is."""
        if node.id not in self._masks:
            self._masks[node.id] = self._mask(node)
        return self._masks[node.id]

    def at(self, node: Node, index: Index) -> bool:
        """Whether an element of a node's value is noise."""
        id = node.id
        if id in self._masks:
            mask = self._masks[id]
        elif node.size > _SMALL and (bound := self._bound(node)):
            return self._is_noise(node, index, abs(node.value[index].item()), bound)
        else:
            mask = self.of(node)
        return mask is not None and bool(mask[index])

    def _mask(self, node: Node) -> np.ndarray | None:
        bound = self._bound(node)
        if not bound:
            return None
        magnitudes = _magnitudes(node)
        # Only what is suspiciously small is looked at term by term: hardly ever any. A NaN may hide what is smaller.
        if min(filter(None, magnitudes), default=math.inf) > bound:
            return None
        noise = np.zeros(node.size, dtype=bool)
        for place, magnitude in enumerate(magnitudes):
            if 0 < magnitude <= bound:
                index = tuple(int(at) for at in np.unravel_index(place, node.shape)) if node.shape else ()
                noise[place] = self._is_noise(node, index, magnitude, bound)
        return noise.reshape(node.shape) if noise.any() else None

    def _is_noise(self, node: Node, index: Index, magnitude: float, bound: float) -> bool:
        op = registry.named(node.op)
        if op is None or not 0 < magnitude <= bound or magnitude == math.inf:
            return False
        if not all(self._nodes[id].is_kept for id in node.operands):
            return False
        arrays = [
            np.asarray(0 if operand.value is None else operand.value)
            if isinstance(operand, Literal)
            else self._nodes[operand].value
            for operand in node.inputs
        ]
        try:
            return magnitude <= (op.rounding(index, arrays, node.parameters, rounding_unit(node.dtype)) or 0.0)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, StopIteration):
            return False  # an operation of that name, but another one than was recorded

    def _bound(self, node: Node) -> float:
        """No element of a node has more noise than this: found without a look at its terms. 0 where nothing was added."""
        if node.id not in self._bounds:
            op = registry.named(node.op)
            unit = rounding_unit(node.dtype) if op is not None and op.adds and self._nodes and node.is_kept else 0.0
            bound = self._largest_sum(node) * unit if unit else 0.0
            self._bounds[node.id] = bound * max(1.0, bound)  # what was squared, as in a variance, may be larger
        return self._bounds[node.id]

    def _largest_sum(self, node: Node) -> float:
        """At least the number of terms of any element of a node, times the largest of them."""
        largest, product, most, together = 0.0, 1.0, 2, 1
        for operand in node.inputs:
            if isinstance(operand, Literal):
                size, extreme = 1, abs(operand.value) if isinstance(operand.value, (int, float, complex)) else 0.0
            else:
                size, extreme = self._input(operand)
            largest, product = max(largest, extreme), product * extreme
            most, together = max(most, size), together * size
        # Sums of products: there are no more products than pairs, spread over the elements of the result.
        found = max(most, together // max(1, node.size)) * max(largest, product)
        return math.inf if math.isnan(found) else found

    def _input(self, id: int) -> tuple[int, float]:
        """How many elements a node has, and its largest magnitude, infinite where it is not finite."""
        if id not in self._inputs:
            node = self._nodes[id]
            size = node.size
            if size <= _SMALL and node.is_kept:
                extreme = max(_magnitudes(node), default=0.0)
            elif node.summary.is_finite:
                extreme = max(abs(node.summary.minimum), abs(node.summary.maximum))
            else:
                extreme = math.inf
            self._inputs[id] = size, extreme
        return self._inputs[id]


def _magnitudes(node: Node) -> list[float]:
    return list(map(abs, node.value.ravel().tolist()))
