"""The scalars of a step, with their formulas and what they depend on.

Elements of inlined nodes are expanded in the formulas that use them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from tracer.graph.expression import Expression
from tracer.graph.record import Node, Phase, Step
from tracer.i18n.language import ENGLISH, Language
from tracer.i18n.message import Message
from tracer.views.arithmetic.counted_terms import counted_in
from tracer.views.arithmetic.signs import with_signs
from tracer.views.notation import Labels
from tracer.views.svg import PictureError
from tracer.views.worked import ElementFormatter, input_elements

Scalar: TypeAlias = tuple[int, tuple[int, ...]]
"""An element: the id of its node, and its index."""

MAX_SCALARS = 3_000
"""Maximum number of scalars in a diagram."""

MAX_SCALAR_TERMS = 1_000
"""Maximum number of terms of a sum that is written in full, with an arrow per term."""

MAX_SEARCHED_TERMS = 100_000
"""Maximum number of terms examined by a downstream search, which then takes a few seconds."""


class SymbolicFormatter(ElementFormatter):
    """Writes elements by name. `written` are the elements that it wrote, in order."""

    def __init__(self, nodes: Sequence[Node], labels: Labels, max_terms: int = MAX_SCALAR_TERMS) -> None:
        super().__init__(nodes, labels, max_terms=max_terms)
        self.written: list[Scalar] = []

    def term(self, node: Node, index: tuple[int, ...]) -> Expression:
        """The name of an element, such as `W1[0,2]`; for an element of an inlined node, its expansion."""
        expansion = self.expansion(node, index) if self._labels.is_inlined(node.id) else None
        if expansion is None:
            self.written.append((node.id, index))
        return expansion or self._labels.element_tree(node.id, index)


class ScalarView:
    """The scalars of a step and their dependencies.

    A formula of more than `max_terms` terms has only the largest of them.
    """

    def __init__(self, step: Step, labels: Labels, max_terms: int = MAX_SCALAR_TERMS, tell: Language = ENGLISH) -> None:
        self.step = step
        self.labels = labels
        self._max_terms = max_terms
        self._tell = tell
        self._operands_of: dict[Scalar, tuple[Scalar, ...]] = {}

    def formula(self, scalar: Scalar) -> str:
        """The formula of a scalar; empty for a leaf."""
        node = self.step.nodes[scalar[0]]
        if node.is_leaf:
            return ""
        expansion = self._formatter().expansion(node, scalar[1])
        return counted_in(with_signs(expansion), self._tell).format(compact=True) if expansion else self.labels.formula(node)

    def written(self, scalar: Scalar) -> tuple[Scalar, ...]:
        """The scalars that the formula of a scalar has, in order: all that it depends on, or those of the largest terms."""
        operands = self.operands(scalar)
        formatter = self._formatter()
        if not operands or formatter.expansion(self.step.nodes[scalar[0]], scalar[1]) is None:
            return operands
        known = frozenset(operands)
        return tuple(dict.fromkeys(each for each in formatter.written if each in known)) or operands

    def _formatter(self) -> SymbolicFormatter:
        return SymbolicFormatter(self.step.nodes, self.labels, self._max_terms)

    def operands(self, scalar: Scalar) -> tuple[Scalar, ...]:
        """The scalars that a scalar depends on, in order; none for a leaf."""
        if scalar not in self._operands_of:
            is_leaf = self.step.nodes[scalar[0]].is_leaf
            found = () if is_leaf else itertools.islice(dict.fromkeys(self._expanded(scalar)), MAX_SEARCHED_TERMS + 1)
            self._operands_of[scalar] = tuple(found)
        return self._operands_of[scalar]

    def _expanded(self, scalar: Scalar) -> Iterator[Scalar]:
        """The scalars that a scalar depends on, in order; of inlined nodes, those that they depend on."""
        pending: list[Iterator[Scalar]] = [self._inputs(scalar)]
        while pending:
            operand = next(pending[-1], None)
            if operand is None:
                pending.pop()
            elif self.labels.is_inlined(operand[0]):
                pending.append(self._inputs(operand))
            else:
                yield operand

    def _inputs(self, scalar: Scalar) -> Iterator[Scalar]:
        id, index = scalar
        node = self.step.nodes[id]
        elements = input_elements(self.step.nodes, node, index)
        if elements is None:  # an operation that does not define `parts`
            elements = [(operand, list(np.ndindex(self.step.nodes[operand].shape))) for operand in node.operands]
        for operand, indices in elements:
            for each in indices:
                yield operand, tuple(map(int, each))

    def downstream(self, scalars: Iterable[Scalar], limit: int = MAX_SCALARS) -> list[Scalar]:
        """These scalars and all that depend on them, in program order. Stops when more than `limit` are found.

        Raises PictureError if too many terms would have to be searched.
        """
        found = set(scalars)
        first = min((id for id, _ in found), default=0)
        nodes = {id for id, _ in found}
        searched = 0
        for node in self.step.nodes[first + 1 :]:
            if not nodes.intersection(node.operands):
                continue
            nodes.add(node.id)
            if self.labels.is_inlined(node.id):
                continue
            for index in np.ndindex(node.shape):
                terms = self.operands((node.id, index))
                if found.intersection(terms):
                    found.add((node.id, index))
                searched += len(terms)
                if searched > MAX_SEARCHED_TERMS:
                    raise PictureError(Message("too_many_to_search", {"name": self.labels[first]}))
                if len(found) > limit:
                    return sorted(found)
        return sorted(found)

    def in_phases(self, phases: Sequence[Phase]) -> Iterator[Scalar]:
        """The scalars computed in these phases, without those of inlined nodes."""
        for node in self.step.nodes:
            if node.phase in phases and not node.is_leaf and not self.labels.is_inlined(node.id):
                for index in np.ndindex(node.shape):
                    yield node.id, index


def scalar_count(step: Step, labels: Labels, phases: Sequence[Phase]) -> int:
    """The number of scalars in a diagram of these phases, without leaves."""
    return sum(node.size for node in step.nodes
               if node.phase in phases and not node.is_leaf and not labels.is_inlined(node.id))  # fmt: skip
