"""One element of a node worked out in numbers: `z1[0,0] = 1*0.1 + 2*0.5 + 0 = 1.1`.

An operation knows from which elements of its inputs an element of its output is made (`Op.parts`) and how that is
written (`Op.spell`). Inputs without a name are spelled out in turn, as they are in the formula. A trace may name an
operation that is no longer there, and a file may have kept no more than summaries: then there is nothing to spell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracer.expression import compact
from tracer.graph import Literal, Node
from tracer.op import Index, Op, Terms, registry
from tracer.views.notation import DIGITS, Labels, element_text, number_text

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
    spelled = compact(_spell(nodes, node, labels, index, digits, most_terms))
    result = number_text(node.value[index], digits)
    if not spelled or spelled == result:
        return ""
    return f"{element_text(labels[node.id], index)} = {spelled} = {result}"


def _spell(
    nodes: Sequence[Node], node: Node, labels: Labels, index: tuple[int, ...], digits: int, most_terms: int = MOST_TERMS
) -> str:
    op = registry.named(node.op)
    if op is None or not all(nodes[id].is_kept for id in node.operands):
        return ""
    try:
        return _spelled(op, nodes, node, labels, index, digits, most_terms)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, StopIteration):
        return ""  # an operation of that name, but another one than was recorded


def _spelled(
    op: type[Op], nodes: Sequence[Node], node: Node, labels: Labels, index: tuple[int, ...], digits: int, most_terms: int
) -> str:
    arrays = [np.asarray(0 if x.value is None else x.value) if isinstance(x, Literal) else nodes[x].value for x in node.inputs]
    parts = op.parts(index, arrays, node.parameters)
    if parts is None:
        return ""
    chosen = _chosen_terms([np.asarray(array[part]) for array, part in zip(arrays, parts, strict=True)], most_terms)
    terms = []
    for operand, array, part in zip(node.inputs, arrays, parts, strict=True):
        if isinstance(operand, Literal):
            terms.append(Terms((repr(operand.value),), 1))
        elif np.ndim(array[part]) == 0:
            terms.append(Terms((_element(nodes, nodes[operand], labels, part, digits, most_terms),), 1))
        else:
            numbers = array[part].ravel()
            terms.append(Terms(tuple(number_text(number, digits) for number in numbers[chosen]), numbers.size))
    return op.spell(node.formula, terms, node.parameters)


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


def _element(nodes: Sequence[Node], node: Node, labels: Labels, part: Index, digits: int, most_terms: int) -> str:
    value = number_text(node.value[part], digits)
    if not labels.is_written_out(node.id):
        return value
    spelled = _spell(nodes, node, labels, part, digits, most_terms)
    longest = LONGEST * most_terms // MOST_TERMS
    return spelled if spelled and "..." not in spelled and len(spelled) <= longest else value
