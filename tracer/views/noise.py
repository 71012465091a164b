"""Rounding noise in sums: what remains when terms cancel, written `~0`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tracer.graph.record import Literal, Node
from tracer.graph.summary import rounding_unit
from tracer.ops.foreign.lookup import operation_named
from tracer.ops.indices import Index

NOISE = "~0"
"""Stands for a number that is no larger than the rounding error."""

_SMALL = 64
"""Maximum size of a value for which the mask of the whole array is computed and cached."""


class Noise:
    """Finds rounding noise in the values of a step's nodes. Without the nodes, none is found."""

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        self._nodes = nodes
        self._units: dict[int, float] = {}
        # Caches by node id: a log queries every number.
        self._masks: dict[int, np.ndarray | None] = {}
        self._bounds: dict[int, float] = {}
        self._extents: dict[int, tuple[int, float]] = {}

    def of_step(self, nodes: Sequence[Node]) -> Noise:
        """The noise in another step of the same structure."""
        found = Noise(nodes)
        found._units = self._units  # of operations and dtypes
        return found

    def of(self, node: Node) -> np.ndarray | None:
        """A mask of the elements of a node's value that are noise; None if there are none."""
        if node.id not in self._masks:
            self._masks[node.id] = self._mask(node) if self._unit(node) else None
        return self._masks[node.id]

    def at(self, node: Node, index: Index) -> bool:
        """True if an element of a node's value is noise."""
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
        # Only elements within the bound are examined term by term, and they are rare. A NaN may hide a smaller element.
        if min(filter(None, magnitudes), default=math.inf) > bound:
            return None
        noise = np.zeros(node.size, dtype=bool)
        for position, magnitude in enumerate(magnitudes):
            if 0 < magnitude <= bound:
                index = tuple(int(at) for at in np.unravel_index(position, node.shape)) if node.shape else ()
                noise[position] = self._is_noise(node, index, magnitude, bound)
        return noise.reshape(node.shape) if noise.any() else None

    def _is_noise(self, node: Node, index: Index, magnitude: float, bound: float) -> bool:
        op = operation_named(node.op)
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
            return False  # the operation registered under that name is not the recorded one

    def _bound(self, node: Node) -> float:
        """An upper bound of the noise in any element, computed without its terms. 0 for an operation that adds nothing."""
        if node.id not in self._bounds:
            unit = self._unit(node) if self._nodes and node.is_kept else 0.0
            bound = self._largest_sum(node) * unit if unit else 0.0
            self._bounds[node.id] = bound * max(1.0, bound)  # squares, as in a variance, may exceed the first bound
        return self._bounds[node.id]

    def _unit(self, node: Node) -> float:
        """The rounding error of a number of 1; 0 for an operation that adds nothing."""
        if node.id not in self._units:
            op = operation_named(node.op)
            self._units[node.id] = rounding_unit(node.dtype) if op is not None and op.adds else 0.0
        return self._units[node.id]

    def _largest_sum(self, node: Node) -> float:
        """An upper bound of the number of terms of an element, times the largest term."""
        largest, product, max_size, pairs = 0.0, 1.0, 2, 1
        for operand in node.inputs:
            if isinstance(operand, Literal):
                size, extreme = 1, abs(operand.value) if isinstance(operand.value, (int, float, complex)) else 0.0
            else:
                size, extreme = self._extent(operand)
            largest, product = max(largest, extreme), product * extreme
            max_size, pairs = max(max_size, size), pairs * size
        # In a sum of products, there are at most as many products as pairs of elements, shared among the elements of the result.
        bound = max(max_size, pairs // max(1, node.size)) * max(largest, product)
        return math.inf if math.isnan(bound) else bound

    def _extent(self, id: int) -> tuple[int, float]:
        """The size of a node and its largest magnitude, infinite if an element is not finite."""
        if id not in self._extents:
            node = self._nodes[id]
            size = node.size
            if size <= _SMALL and node.is_kept:
                extreme = max(_magnitudes(node), default=0.0)
            elif node.summary.is_finite:
                extreme = max(abs(node.summary.minimum), abs(node.summary.maximum))
            else:
                extreme = math.inf
            self._extents[id] = size, extreme
        return self._extents[id]


def _magnitudes(node: Node) -> list[float]:
    return list(map(abs, node.value.ravel().tolist()))
