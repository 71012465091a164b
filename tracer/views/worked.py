"""One element of a node worked out in numbers: `z1[0,0] = 1*0.1 + 2*0.5 + 0 = 1.1`.

An operation knows from which elements of its inputs an element of its output is made (`Op.parts`) and how that is
written (`Op.format_element`). Inputs without a name are spelled out in turn, as they are in the formula. A trace may name an
operation that is no longer there, and a file may have kept no more than summaries: then there is nothing to spell.
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

MOST_TERMS = 6
"""Terms of a sum that are all written; of a longer one the first three that are not zero."""

LONGEST = 72
"""Characters of an inner expression that is spelled out; a longer one is given by its value."""


def worked_element(
    nodes: Sequence[Node],
    node: Node,
    labels: Labels,
    index: tuple[int, ...] | None = None,
    digits: int = DIGITS,
    most_terms: int = MOST_TERMS,
) -> str:
    """The arithmetic of one element (by default the first), or empty where there is none to show."""
    index = (0,) * len(node.shape) if index is None else index
    if node.is_leaf or not node.is_kept or not node.size:
        return ""
    tree = ElementFormatter(nodes, labels, digits, most_terms).spelled(node, index)
    spelled = tree.format(compact=True) if tree else ""
    result = number_of(node, index, labels.noise, digits)
    if spelled in ("", result):
        return ""
    return f"{labels.element(node.id, index)} = {spelled} = {result}"


class ElementFormatter:
    """How elements of nodes are written out: by their numbers. What other spellings write for an element, `told` says."""

    def __init__(self, nodes: Sequence[Node], labels: Labels, digits: int = DIGITS, most_terms: int = MOST_TERMS) -> None:
        self._nodes = nodes
        self._labels = labels
        self._digits = digits
        self._most_terms = most_terms

    def told(self, node: Node, index: Index) -> Expression:
        """What is written for an element that is not spelled out itself."""
        return number(number_of(node, index, self._labels.noise, self._digits))

    def spelled(self, node: Node, index: Index, *, as_part: bool = False) -> Expression | None:
        """The arithmetic of an element, None where there is none to show. As a part of other arithmetic it leaves nothing out."""
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
            return None  # an operation of that name, but another one than was recorded

    def _terms(self, op: type[Op], node: Node, index: Index) -> list[Terms] | None:
        """The elements of each input that an element is computed from."""
        inputs = node.inputs
        arrays = [self._array(operand) for operand in inputs]
        parts = op.parts(index, arrays, node.parameters)
        if parts is None:
            return None
        chosen = _chosen_terms([np.asarray(array[part]) for array, part in zip(arrays, parts, strict=True)], self._most_terms)
        terms = []
        for operand, array, part in zip(inputs, arrays, parts, strict=True):
            if isinstance(operand, Literal):
                terms.append(Terms((literal(operand),), 1))
            elif np.ndim(array[part]) == 0:
                terms.append(Terms((self._element(self._nodes[operand], part),), 1))
            else:
                positions = elements_of(np.shape(array), part)
                few = (self.told(self._nodes[operand], positions[at]) for at in chosen)
                terms.append(Terms(tuple(few), len(positions)))
        return terms

    def _array(self, operand: int | Literal) -> np.ndarray:
        if isinstance(operand, Literal):
            return np.asarray(0 if operand.value is None else operand.value)
        return self._nodes[operand].value

    def _element(self, node: Node, index: Index) -> Expression:
        """An element: spelled out where the formula holds the expression of its node and not a name."""
        spelled = self.spelled(node, index, as_part=True) if self._labels.is_written_out(node.id) else None
        is_short = spelled and len(spelled.text) <= LONGEST * self._most_terms // MOST_TERMS
        return spelled if spelled and is_short else self.told(node, index)


def elements_of(shape: Sequence[int], part: Index) -> Elements:
    """The elements that a part of an array holds, in order.

    >>> list(elements_of((2, 3), (1, slice(None))))
    [(1, 0), (1, 1), (1, 2)]
    """
    axes = [range(*each.indices(size)) if isinstance(each, slice) else range(each, each + 1) for each, size in zip(part, shape)]
    return Elements(tuple(axes) + tuple(range(size) for size in shape[len(part) :]))


class Elements(Sequence[Index]):
    """The indices of a block of an array, worked out only where one is asked for: a block may have millions."""

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


def _chosen_terms(slices: Sequence[np.ndarray], most: int) -> np.ndarray:
    """Which positions of the sliced inputs are written: all of a few, else the first three without a zero factor."""
    lengths = [each.size for each in slices if each.ndim]
    if not lengths or lengths[0] <= most:
        return np.arange(lengths[0] if lengths else 0)
    weights = np.ones(lengths[0], dtype=bool)
    for each in slices:
        if each.ndim and each.size == lengths[0]:
            weights &= each.ravel() != 0
    found = np.flatnonzero(weights)[:3]
    return found if len(found) == 3 else np.arange(3)
