"""The numbers of a step as text, each formatted once: a log writes them in arrays, and again in the arithmetic of elements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from tracer.graph.record import Node
from tracer.ops.indices import Index
from tracer.views.noise import Noise
from tracer.views.notation import MAX_FULL_SIZE, array_form, number_of, number_texts


class Numbers:
    """Formats the numbers of the nodes of a step; `~0` for rounding noise."""

    def __init__(self, nodes: Sequence[Node], noise: Noise, digits: int) -> None:
        self._nodes = nodes
        self._noise = noise
        self._digits = digits
        self._texts: dict[int, list[str]] = {}

    @cached_property
    def are_all_kept(self) -> bool:
        """Whether every value is."""
        return all(node.is_kept for node in self._nodes)

    def array(self, node: Node) -> str:
        """A small array on one line."""
        return array_form(node.shape) % tuple(self._in_order(node))

    def at(self, id: int, index: Index, position: int) -> str:
        """An element of a node, by its index and its position in order."""
        texts = self._texts.get(id)
        if texts is not None:
            return texts[position]
        node = self._nodes[id]
        return self._in_order(node)[position] if node.size <= MAX_FULL_SIZE else self.of_element(id, index)

    def of_element(self, id: int, index: Index) -> str:
        """An element of a node, by its index; without formatting the others."""
        return number_of(self._nodes[id], index, self._noise, self._digits)

    def _in_order(self, node: Node) -> list[str]:
        texts = self._texts.get(node.id)
        if texts is None:
            texts = self._texts[node.id] = number_texts(node.value, self._digits, self._noise.of(node))
        return texts
