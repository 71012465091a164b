"""Which elements of a result are rounding noise: sums whose terms cancel leave no more than their rounding, written `~0`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tracer.graph.record import Literal, Node
from tracer.graph.summary import rounding_unit
from tracer.ops import registry
from tracer.ops.base import Index, Op

NOISE = "~0"
"""How a number is written that rounding alone can make."""

_SMALL = 64
"""Elements up to which a value is looked at as a whole, and what was found is kept."""


class Noise:
    """The rounding noise in the values of a step's nodes. Without the nodes, nothing is known of what was added."""

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        self._nodes = nodes
        self._masks: dict[int, np.ndarray | None] = {}
        self._largest: dict[int, float] = {}

    def of(self, node: Node) -> np.ndarray | None:
        """Which elements of a node's value are noise, an array of its shape; None where none is."""
        op = registry.named(node.op)
        if op is None or not op.adds or not self._nodes:
            return None
        if node.id not in self._masks:
            self._masks[node.id] = self._mask(op, node)
        return self._masks[node.id]

    def at(self, node: Node, index: Index) -> bool:
        """Whether an element of a node's value is noise."""
        op = registry.named(node.op)
        if op is None or not op.adds or not self._nodes:
            return False
        if node.size <= _SMALL:
            mask = self.of(node)
            return mask is not None and bool(mask[index])
        unit = rounding_unit(node.dtype)
        return bool(unit) and node.is_kept and self._is_noise(op, node, index, abs(node.value[index].item()), unit)

    def _mask(self, op: type[Op], node: Node) -> np.ndarray | None:
        unit = rounding_unit(node.dtype)
        if not unit or not node.is_kept:
            return None
        magnitudes = _magnitudes(node)
        bound = self._bound(node, unit)
        # Only what is suspiciously small is looked at term by term: hardly ever any.
        places = [place for place, magnitude in enumerate(magnitudes) if 0 < magnitude <= bound]
        if not places:
            return None
        noise = np.zeros(node.size, dtype=bool)
        for place in places:
            index = tuple(int(at) for at in np.unravel_index(place, node.shape)) if node.shape else ()
            noise[place] = self._is_noise(op, node, index, magnitudes[place], unit)
        return noise.reshape(node.shape) if noise.any() else None

    def _is_noise(self, op: type[Op], node: Node, index: Index, magnitude: float, unit: float) -> bool:
        if not 0 < magnitude < math.inf or not all(self._nodes[id].is_kept for id in node.operands):
            return False
        arrays = [
            np.asarray(0 if operand.value is None else operand.value)
            if isinstance(operand, Literal)
            else self._nodes[operand].value
            for operand in node.inputs
        ]
        try:
            return magnitude <= (op.rounding(index, arrays, node.parameters, unit) or 0.0)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, StopIteration):
            return False  # an operation of that name, but another one than was recorded

    def _bound(self, node: Node, unit: float) -> float:
        """No element of a node has more noise than this, whatever is added: found without a look at each of its terms."""
        largest, product, terms = 0.0, 1.0, 1
        for operand in node.inputs:
            if isinstance(operand, Literal):
                size, extreme = 1, abs(operand.value) if isinstance(operand.value, (int, float, complex)) else 0.0
            else:
                size, extreme = self._nodes[operand].size, self._extreme(operand)
            largest, product, terms = max(largest, extreme), product * extreme, terms * max(size, 2)
        bound = unit * terms * max(largest, product)
        return math.inf if math.isnan(bound) else bound * max(1.0, bound)

    def _extreme(self, id: int) -> float:
        """The largest magnitude in a node's value; infinite where it is not finite."""
        if id not in self._largest:
            node = self._nodes[id]
            if node.is_kept and node.size <= _SMALL:
                self._largest[id] = max(_magnitudes(node), default=0.0)
            elif node.summary.is_finite:
                self._largest[id] = max(abs(node.summary.minimum), abs(node.summary.maximum))
            else:
                self._largest[id] = math.inf
        return self._largest[id]


def _magnitudes(node: Node) -> list[float]:
    return [abs(number) for number in node.value.ravel().tolist()]
