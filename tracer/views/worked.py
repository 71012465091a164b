"""Worked examples: the arithmetic of one element of a node, `z1[0,0] = 1*0.1 + 2*0.5 + 0 = 1.1`.

An operation knows which input elements an output element depends on (`Op.parts`) and how to format its arithmetic
(`Op.format_element`). Inlined inputs are expanded recursively, as in the formula. If the operation is not registered or values
were not kept, there is no worked example.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.graph.expression import SUM, Expression, number
from tracer.graph.formula import literal, parse
from tracer.graph.record import Literal, Node
from tracer.i18n.language import ENGLISH, Language
from tracer.ops.base import Op
from tracer.ops.data_movement import DataMovement
from tracer.ops.families.indexing import Scatter
from tracer.ops.foreign.closed_form import ClosedForm
from tracer.ops.foreign.lookup import operation_named
from tracer.ops.foreign.summed import index_in_sum
from tracer.ops.indices import Index
from tracer.ops.terms import Elided, Terms
from tracer.views.arithmetic.counted_terms import counted_in
from tracer.views.arithmetic.elements import elements_of
from tracer.views.arithmetic.signs import parts_of, with_signs
from tracer.views.notation import DIGITS, Labels, number_of, number_text

MAX_TERMS = 6
"""Maximum number of terms of a sum that is written in full. Of a longer one, the largest terms are written."""

WRITTEN_TERMS = 3
"""Number of terms that are written of a longer sum."""

MAX_INNER_LENGTH = 72
"""Maximum length of an expanded inner expression; a longer one is replaced by its value."""


OTHER_OPERATION = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, StopIteration)
"""Errors of an operation that is registered under the name of another one, which was recorded."""


@dataclass(frozen=True, slots=True)
class Worked:
    """The arithmetic of an element: its name, the formula with numbers, its value."""

    element: str
    expansion: Expression
    result: str

    @property
    def is_shortened(self) -> bool:
        """Whether terms of a sum are left out."""
        return any(isinstance(part, Elided) for part in parts_of(self.expansion))

    def text(self, tell: Language = ENGLISH) -> str:
        """The equation; the terms that are left out are counted in the language."""
        arithmetic = counted_in(self.expansion, tell).operand_text(SUM, compact=True)  # a comparison is in brackets
        return f"{self.element} = {arithmetic} = {self.result}"


def work_out(
    nodes: Sequence[Node],
    node: Node,
    labels: Labels,
    index: tuple[int, ...] | None = None,
    digits: int = DIGITS,
    max_terms: int = MAX_TERMS,
    *,
    largest_first: bool = False,
) -> Worked | None:
    """The arithmetic of one element, by default the first; None if there is none.

    With `largest_first` the terms of a sum are written by their size also if all are, and those that are 0 are counted.
    """
    index = (0,) * len(node.shape) if index is None else index
    if node.is_leaf or not node.is_kept or not node.size:
        return None
    tree = ElementFormatter(nodes, labels, digits, max_terms, largest_first=largest_first).expansion(node, index)
    result = number_of(node, index, labels.noise, digits)
    if tree is None or tree.format(compact=True) in ("", result):
        return None
    return Worked(labels.element(node.id, index), with_signs(tree), result)


def worked_element(
    nodes: Sequence[Node],
    node: Node,
    labels: Labels,
    index: tuple[int, ...] | None = None,
    digits: int = DIGITS,
    max_terms: int = MAX_TERMS,
    tell: Language = ENGLISH,
) -> str:
    """The equation that `work_out` finds; empty if there is none."""
    worked = work_out(nodes, node, labels, index, digits, max_terms)
    return worked.text(tell) if worked is not None else ""


def moved_element(nodes: Sequence[Node], node: Node, labels: Labels, index: tuple[int, ...], digits: int = DIGITS) -> str:
    """Where an element is from that is only moved, `of_label[0] = log_probabilities[0,1] = -1.071`; empty for any other."""
    if node.is_leaf or not node.is_kept or not all(nodes[id].is_kept for id in node.operands):
        return ""
    found = [(operand, places) for operand, places in input_elements(nodes, node, index) or () if len(places)]
    op = operation_named(node.op)
    if op is not None and issubclass(op, (DataMovement, Scatter)):
        found = found[:1]  # the others say which element it is
    if len(found) != 1 or len(found[0][1]) != 1 or not isinstance(found[0][0], int):
        return ""
    source, place = nodes[found[0][0]], tuple(found[0][1][0])
    if not np.array_equal(source.value[place], node.value[index], equal_nan=node.value.dtype.kind in "fc"):
        return ""  # computed from it
    number_there = number_of(node, index, labels.noise, digits)
    return f"{labels.element(node.id, index)} = {labels.element(source.id, place)} = {number_there}"


class ElementFormatter:
    """Formats the arithmetic of elements with their numbers. Subclasses override `term` to write something else."""

    def __init__(
        self,
        nodes: Sequence[Node],
        labels: Labels,
        digits: int = DIGITS,
        max_terms: int = MAX_TERMS,
        *,
        largest_first: bool = False,
    ) -> None:
        self._nodes = nodes
        self._labels = labels
        self._digits = digits
        self._max_terms = max_terms
        self._largest_first = largest_first

    def term(self, node: Node, index: Index) -> Expression:
        """The expression of an element that is not expanded."""
        return number(number_of(node, index, self._labels.noise, self._digits))

    def expansion(self, node: Node, index: Index, *, as_part: bool = False) -> Expression | None:
        """The arithmetic of an element; None if there is none. With `as_part`, also None if terms would be elided."""
        source = self._labels.sum_of(node)
        if source is not None:
            return self.expansion(source, index_in_sum(index, source), as_part=as_part)
        op = operation_named(node.op)
        if op is None or not all(self._nodes[id].is_kept for id in node.operands):
            return None
        try:
            if issubclass(op, ClosedForm):
                arrays = [array_of(self._nodes, operand) for operand in node.inputs]
                return None if as_part else op.element(index, arrays, node.parameters, node.formula, _ElementWriter(self, node))
            terms = self._terms(op, node, index)
            if terms is None or (as_part and not all(term.is_whole for term in terms)):
                return None
            written = op.format_element(node.formula, terms, node.parameters)
            return parse(written) if isinstance(written, str) else written
        except OTHER_OPERATION:
            return None

    def _terms(self, op: type[Op], node: Node, index: Index) -> list[Terms] | None:
        """For each input, the elements that an output element depends on, as expressions; None if unknown."""
        inputs = node.inputs
        arrays = [array_of(self._nodes, operand) for operand in inputs]
        parts = op.parts(index, arrays, node.parameters)
        if parts is None:
            return None
        slices = [np.asarray(array[part]) for array, part in zip(arrays, parts, strict=True) if part is not None]
        chosen, zeros = chosen_of(op, slices, self._max_terms, largest_first=self._largest_first)
        terms = []
        for operand, array, part in zip(inputs, arrays, parts, strict=True):
            if part is None:
                terms.append(Terms((), 0))
            elif isinstance(operand, Literal):
                terms.append(Terms((self._literal(operand),), 1))
            elif np.ndim(array[part]) == 0:
                terms.append(Terms((self._element(self._nodes[operand], part),), 1))
            else:
                positions = elements_of(np.shape(array), part)
                terms.append(Terms(self.chosen_terms(self._nodes[operand], positions, chosen), len(positions), zeros))
        return terms

    def chosen_terms(self, node: Node, positions: Sequence[Index], chosen: np.ndarray) -> tuple[Expression, ...]:
        """The elements of a sum that are written."""
        return tuple(self.term(node, positions[at]) for at in chosen)

    def input_element(self, operand: int | Literal, index: Index) -> Expression:
        """An element of an input of a node."""
        return self._literal(operand) if isinstance(operand, Literal) else self._element(self._nodes[operand], index)

    def _literal(self, constant: Literal) -> Expression:
        """A number of the program: as many digits as all numbers have, where it was computed with more."""
        is_real = isinstance(constant.value, float)
        return number(number_text(constant.value, self._digits)) if is_real else literal(constant)

    def computed_number(self, value: float) -> Expression:
        """A number that is no element of a node."""
        return number(number_text(value, self._digits))

    def chosen(self, sizes: np.ndarray) -> tuple[np.ndarray, int]:
        """The positions of the terms to write, by their sizes, and how many terms are 0."""
        return chosen_of(Op, [np.atleast_1d(sizes)], self._max_terms, largest_first=self._largest_first)

    def _element(self, node: Node, index: Index) -> Expression:
        """An element, expanded if its node is inlined."""
        expansion = self.expansion(node, index, as_part=True) if self._labels.is_inlined(node.id) else None
        return expansion if expansion and self.is_short(expansion) else self.term(node, index)

    def is_short(self, expansion: Expression) -> bool:
        """Whether an inner expression is written, and not its value."""
        return len(expansion.text) <= self.max_inner_length

    @property
    def max_inner_length(self) -> int:
        """Maximum length of an inner expression that is written."""
        return MAX_INNER_LENGTH * self._max_terms // MAX_TERMS


class _ElementWriter:
    """Writes the elements of the inputs of a node."""

    def __init__(self, formatter: ElementFormatter, node: Node) -> None:
        self._formatter = formatter
        self._inputs = node.inputs

    def element(self, slot: int, index: Index) -> Expression:
        return self._formatter.input_element(self._inputs[slot], tuple(map(int, index)))

    def number(self, value: float) -> Expression:
        return self._formatter.computed_number(value)

    def chosen(self, sizes: np.ndarray) -> tuple[np.ndarray, int]:
        return self._formatter.chosen(sizes)


def array_of(nodes: Sequence[Node], operand: int | Literal) -> np.ndarray:
    """The value of an input of an operation."""
    if isinstance(operand, Literal):
        return np.asarray(0 if operand.value is None else operand.value)
    return nodes[operand].value


def input_elements(nodes: Sequence[Node], node: Node, index: Index) -> list[tuple[int, Sequence[Index]]] | None:
    """The elements of the inputs of a node that one of its elements depends on, for each input; None if unknown."""
    op = operation_named(node.op)
    if op is None:
        return None
    try:
        arrays = [array_of(nodes, operand) for operand in node.inputs]
        parts = op.parts(index, arrays, node.parameters)
        if parts is None:
            return None
        return [
            (operand, elements_of(array.shape, part))
            for operand, array, part in zip(node.inputs, arrays, parts, strict=True)
            if part is not None and not isinstance(operand, Literal)
        ]
    except OTHER_OPERATION:
        return None


def chosen_of(
    op: type[Op], slices: Sequence[np.ndarray], max_terms: int, *, largest_first: bool = False
) -> tuple[np.ndarray, int]:
    """The positions of the terms to write, and how many terms are 0: all if they are few, else the most important."""
    count = next((each.size for each in slices if each.ndim), 0)
    # Of other operations, such as a maximum, a term of 0 is as important as any.
    largest_first = largest_first and op.importance.__func__ is Op.importance.__func__  # type: ignore[attr-defined]
    if count <= max_terms and not largest_first:
        return np.arange(count), 0
    alike = [each.ravel() if each.ndim else each for each in slices if each.size == count or not each.ndim]
    with np.errstate(all="ignore"):
        importance = np.asarray(op.importance(alike), dtype=np.float64)
        zeros = count - np.count_nonzero(math.prod(each != 0 for each in alike))
    importance = np.where(np.isnan(importance), np.inf, importance)  # a NaN decides the result
    if largest_first and count - zeros <= max_terms:
        order = np.argsort(-importance, kind="stable")
        is_short = count <= MAX_TERMS or zeros == count
        return (order, 0) if is_short else (order[: count - zeros], int(zeros))
    written = min(WRITTEN_TERMS, count)
    least = np.partition(importance, -written)[-written]
    larger, equal = np.flatnonzero(importance > least), np.flatnonzero(importance == least)
    found = np.concatenate([larger, equal[: written - len(larger)]])
    return found[np.argsort(-importance[found], kind="stable")], int(zeros)
