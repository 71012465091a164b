"""Worked examples: the arithmetic of one element of a node, `z1[0,0] = 1*0.1 + 2*0.5 + 0 = 1.1`.

An operation knows which input elements an output element depends on (`Op.parts`) and how to format its arithmetic
(`Op.format_element`). Inlined inputs are expanded recursively, as in the formula. If the operation is not registered or values
were not kept, there is no worked example.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression, number
from tracer.graph.formula import literal, parse
from tracer.graph.record import Literal, Node
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.ops.indices import Index
from tracer.ops.terms import Terms
from tracer.views.notation import DIGITS, Labels, number_of

MAX_TERMS = 6
"""Maximum number of terms of a sum that is written in full. Of a longer one, the first three nonzero terms are written."""

MAX_INNER_LENGTH = 72
"""Maximum length of an expanded inner expression; a longer one is replaced by its value."""


def worked_element(
    nodes: Sequence[Node],
    node: Node,
    labels: Labels,
    index: tuple[int, ...] | None = None,
    digits: int = DIGITS,
    max_terms: int = MAX_TERMS,
) -> str:
    """The arithmetic of one element, by default the first; empty if there is none."""
    index = (0,) * len(node.shape) if index is None else index
    if node.is_leaf or not node.is_kept or not node.size:
        return ""
    tree = ElementFormatter(nodes, labels, digits, max_terms).expansion(node, index)
    expansion = tree.format(compact=True) if tree else ""
    result = number_of(node, index, labels.noise, digits)
    if expansion in ("", result):
        return ""
    return f"{labels.element(node.id, index)} = {expansion} = {result}"


class ElementFormatter:
    """Formats the arithmetic of elements with their numbers. Subclasses override `term` to write something else."""

    def __init__(self, nodes: Sequence[Node], labels: Labels, digits: int = DIGITS, max_terms: int = MAX_TERMS) -> None:
        self._nodes = nodes
        self._labels = labels
        self._digits = digits
        self._max_terms = max_terms

    def term(self, node: Node, index: Index) -> Expression:
        """The expression of an element that is not expanded."""
        return number(number_of(node, index, self._labels.noise, self._digits))

    def expansion(self, node: Node, index: Index, *, as_part: bool = False) -> Expression | None:
        """The arithmetic of an element; None if there is none. With `as_part`, also None if terms would be elided."""
        op = registry.named(node.op)
        if op is None or not all(self._nodes[id].is_kept for id in node.operands):
            return None
        try:
            terms = self._terms(op, node, index)
            if terms is None or (as_part and not all(term.is_whole for term in terms)):
                return None
            written = op.format_element(node.formula, terms, node.parameters)
            return parse(written) if isinstance(written, str) else written
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, StopIteration):
            return None  # the operation registered under that name is not the recorded one

    def _terms(self, op: type[Op], node: Node, index: Index) -> list[Terms] | None:
        """For each input, the elements that an output element depends on, as expressions; None if unknown."""
        inputs = node.inputs
        arrays = [self._array(operand) for operand in inputs]
        parts = op.parts(index, arrays, node.parameters)
        if parts is None:
            return None
        chosen = _chosen_terms([np.asarray(array[part]) for array, part in zip(arrays, parts, strict=True)], self._max_terms)
        terms = []
        for operand, array, part in zip(inputs, arrays, parts, strict=True):
            if isinstance(operand, Literal):
                terms.append(Terms((literal(operand),), 1))
            elif np.ndim(array[part]) == 0:
                terms.append(Terms((self._element(self._nodes[operand], part),), 1))
            else:
                positions = elements_of(np.shape(array), part)
                written = (self.term(self._nodes[operand], positions[at]) for at in chosen)
                terms.append(Terms(tuple(written), len(positions)))
        return terms

    def _array(self, operand: int | Literal) -> np.ndarray:
        if isinstance(operand, Literal):
            return np.asarray(0 if operand.value is None else operand.value)
        return self._nodes[operand].value

    def _element(self, node: Node, index: Index) -> Expression:
        """An element, expanded if its node is inlined."""
        expansion = self.expansion(node, index, as_part=True) if self._labels.is_inlined(node.id) else None
        is_short = expansion and len(expansion.text) <= MAX_INNER_LENGTH * self._max_terms // MAX_TERMS
        return expansion if expansion and is_short else self.term(node, index)


def elements_of(shape: Sequence[int], part: Index) -> Elements:
    """The indices of the elements in a part of an array, in order.

    >>> list(elements_of((2, 3), (1, slice(None))))
    [(1, 0), (1, 1), (1, 2)]
    """
    axes = [range(*each.indices(size)) if isinstance(each, slice) else range(each, each + 1) for each, size in zip(part, shape)]
    return Elements(tuple(axes) + tuple(range(size) for size in shape[len(part) :]))


class Elements(Sequence[Index]):
    """The indices of a block of an array, computed lazily: a block may have millions."""

    def __init__(self, axes: tuple[range, ...]) -> None:
        self._axes = axes

    def __len__(self) -> int:
        return math.prod(map(len, self._axes))

    def __getitem__(self, position: Any) -> Any:
        if not 0 <= position < len(self):
            raise IndexError(position)
        index = []
        for axis in reversed(self._axes):
            position, at = divmod(int(position), len(axis))
            index.append(axis[at])
        return tuple(reversed(index))


def _chosen_terms(slices: Sequence[np.ndarray], max_terms: int) -> np.ndarray:
    """The positions of the terms to write: all if they are few, else the first three without a zero factor."""
    lengths = [each.size for each in slices if each.ndim]
    if not lengths or lengths[0] <= max_terms:
        return np.arange(lengths[0] if lengths else 0)
    is_nonzero = np.ones(lengths[0], dtype=bool)
    for each in slices:
        if each.ndim and each.size == lengths[0]:
            is_nonzero &= each.ravel() != 0
    found = np.flatnonzero(is_nonzero)[:3]
    return found if len(found) == 3 else np.arange(3)
