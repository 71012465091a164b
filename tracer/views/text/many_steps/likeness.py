"""What the arithmetic of operations that are alike has in common: all but the nodes that its numbers are from."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.record import Literal, Node
from tracer.views.notation import Labels

_SIMPLE = frozenset({int, float, bool, str, type(None), type(...)})
"""Types of which `repr` tells every value from all others."""


def likeness(nodes: Sequence[Node], node: Node, labels: Labels) -> tuple[Hashable, tuple[int, ...]]:
    """What worked elements of a node depend on besides values, and the nodes that their numbers may be from.

    Where the first is equal, so is the arithmetic with the nodes of the one in place of those of the other, as they are in order.
    """
    search = _Search(nodes, labels)
    return search.computed(node), tuple(search.slots)


class _Search:
    def __init__(self, nodes: Sequence[Node], labels: Labels) -> None:
        self.slots: dict[int, int] = {}
        self._nodes = nodes
        self._labels = labels

    def computed(self, node: Node) -> Hashable:
        """What the arithmetic of a node depends on."""
        slot = self.slots.setdefault(node.id, len(self.slots))
        source = self._labels.sum_of(node)
        if source is not None:
            return slot, node.shape, self.computed(source)
        parameters: Hashable = _text(node.parameters) if node.parameters else ""
        if parameters is None:
            parameters = node.id  # it is like no other
        inputs = tuple([self._input(each) for each in node.inputs])
        return slot, node.op, node.formula, parameters, node.shape, node.dtype, node.is_kept, inputs

    def _input(self, operand: int | Literal) -> Hashable:
        """What arithmetic depends on that has this input."""
        if isinstance(operand, Literal):
            return repr(operand.value)
        node = self._nodes[operand]
        if self._labels.is_inlined(node.id):
            return self.computed(node)
        slot = self.slots.setdefault(node.id, len(self.slots))
        return slot, node.shape, node.dtype, node.is_kept


def _text(value: Any) -> str | None:
    """A text that tells a value from all others; None for an array and the like."""
    if type(value) in _SIMPLE:
        return repr(value)
    if isinstance(value, slice):
        return _text((slice, value.start, value.stop, value.step))
    if isinstance(value, (type, np.dtype)):
        return repr(value)
    if isinstance(value, Mapping):
        value = tuple(value.items())
    if not isinstance(value, (tuple, list)):
        return None
    texts = [_text(each) for each in value]
    return None if None in texts else f"{type(value).__name__}({', '.join(map(str, texts))})"
