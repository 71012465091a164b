"""A box per number, as in a calculation by hand: `z1[0,0] = x[0,0]*W1[0,0] + x[0,1]*W1[1,0] + b1[0]`.

Elements of values without a name are written into the formulas that use them. Arrows run from every number to those it goes
into; the gradient of a number, and how it is made of others, stands in its box.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from tracer.errors import UsageError
from tracer.graph.expression import Expression
from tracer.graph.record import Node, Phase, Step
from tracer.views.diagrams.boxes import box_key, tip_of, title_of
from tracer.views.diagrams.diagram import Arrow, Box, Column, Diagram
from tracer.views.diagrams.theme import Style, flow_of, kind_of
from tracer.views.grids import GLUE, wrapped
from tracer.views.notation import Labels, number_of
from tracer.views.worked import ElementFormatter

Scalar: TypeAlias = tuple[int, tuple[int, ...]]
"""An element: the id of its node, and its index."""

MOST_SCALARS = 3_000
"""Numbers that a picture may have."""

ALL_TERMS = 1_000
"""Terms of a sum that are all written, and all have an arrow."""

MOST_LOOKED_AT = 100_000
"""Terms of numbers that are looked through for those that depend on another: some seconds."""

FORMULA_WIDTH = 44


class Symbols(ElementFormatter):
    """Elements written by their names; `used` are those that were, in order."""

    def __init__(self, nodes: Sequence[Node], labels: Labels) -> None:
        super().__init__(nodes, labels, most_terms=ALL_TERMS)
        self.used: list[Scalar] = []

    def told(self, node: Node, index: tuple[int, ...]) -> Expression:
        """The name of an element, as `W1[0,2]`; of a value without a name what its element is made of."""
        if self._labels.is_written_out(node.id):
            spelled = self.spelled(node, index)
            if spelled:
                return spelled
            self.used += every_scalar(self._nodes, self._labels, node.operands)
        else:
            self.used.append((node.id, tuple(map(int, index))))
        return self._labels.element_tree(node.id, index)


def every_scalar(nodes: Sequence[Node], labels: Labels, ids: Iterable[int]) -> list[Scalar]:
    """All numbers of these nodes; of those without a name, of what they are made of. For operations that do not say which."""
    found: list[Scalar] = []
    waiting = list(ids)
    while waiting and len(found) <= MOST_SCALARS:
        id = waiting.pop()
        if labels.is_written_out(id):
            waiting += nodes[id].operands
        else:
            found += ((id, index) for index in itertools.islice(np.ndindex(nodes[id].shape), MOST_SCALARS + 1))
    return found


class ScalarView:
    """The numbers of a step and what each is made of."""

    def __init__(self, step: Step, labels: Labels) -> None:
        self.step = step
        self.labels = labels
        self._made_of: dict[Scalar, tuple[str, tuple[Scalar, ...]]] = {}

    def made_of(self, scalar: Scalar) -> tuple[str, tuple[Scalar, ...]]:
        """The formula of a number and the numbers in it; of a leaf, and where an operation cannot say, no formula."""
        if scalar not in self._made_of:
            self._made_of[scalar] = self._spell(scalar)
        return self._made_of[scalar]

    def _spell(self, scalar: Scalar) -> tuple[str, tuple[Scalar, ...]]:
        node = self.step.nodes[scalar[0]]
        if node.is_leaf:
            return "", ()
        symbols = Symbols(self.step.nodes, self.labels)
        formula = symbols.spelled(node, scalar[1])
        if formula:
            return formula.format(compact=True), tuple(dict.fromkeys(symbols.used))
        return self.labels.formula(node), tuple(every_scalar(self.step.nodes, self.labels, node.operands))

    def before(self, scalars: Iterable[Scalar], most: int = MOST_SCALARS) -> list[Scalar]:
        """These numbers and all that they depend on, in the order of the program; one more than `most` where there are more."""
        found: set[Scalar] = set()
        waiting = list(scalars)
        while waiting and len(found) <= most:
            scalar = waiting.pop()
            if scalar not in found:
                found.add(scalar)
                waiting += self.made_of(scalar)[1]
        return sorted(found)

    def after(self, scalars: Iterable[Scalar], most: int = MOST_SCALARS) -> list[Scalar]:
        """These numbers and all that depend on them, in the order of the program.

        Raises UsageError where too many would have to be looked through.
        """
        found = set(scalars)
        first = min((id for id, _ in found), default=0)
        nodes = {id for id, _ in found}
        looked_at = 0
        for node in self.step.nodes[first + 1 :]:
            if not nodes.intersection(node.operands):
                continue
            nodes.add(node.id)
            if self.labels.is_written_out(node.id):
                continue
            for index in np.ndindex(node.shape):
                terms = self.made_of((node.id, index))[1]
                if found.intersection(terms):
                    found.add((node.id, index))
                looked_at += len(terms)
                if looked_at > MOST_LOOKED_AT:
                    raise UsageError(f"there are too many numbers behind {self.labels[first]} to look through: use --zoom tensor")
                if len(found) > most:
                    return sorted(found)
        return sorted(found)

    def of_phases(self, phases: Sequence[Phase]) -> Iterator[Scalar]:
        """The numbers that operations of these phases compute, those aside that are written into others."""
        for node in self.step.nodes:
            if node.phase in phases and not node.is_leaf and not self.labels.is_written_out(node.id):
                for index in np.ndindex(node.shape):
                    yield node.id, index


def scalar_count(step: Step, labels: Labels, phases: Sequence[Phase]) -> int:
    """How many numbers a picture of these phases would have, leaves aside."""
    return sum(node.size for node in step.nodes
               if node.phase in phases and not node.is_leaf and not labels.is_written_out(node.id))  # fmt: skip


def scalars(source: ScalarView, chosen: Sequence[Scalar], style: Style) -> Diagram:
    """The picture of these numbers, and of the leaves they are made of."""
    wanted = set(chosen)
    boxes, arrows = [], []
    for scalar in chosen:
        for used in source.made_of(scalar)[1]:
            if source.step.nodes[used[0]].is_leaf:
                wanted.add(used)
    for scalar in sorted(wanted):
        boxes.append(_box(source, scalar, style))
        flow = flow_of(source.step.nodes[scalar[0]].phase)
        arrows += [Arrow(_key(used), _key(scalar), flow) for used in source.made_of(scalar)[1] if used in wanted]
    return Diagram(tuple(boxes), tuple(arrows))


def _key(scalar: Scalar) -> str:
    return "_".join([box_key(scalar[0]), *map(str, scalar[1])])


def _box(source: ScalarView, scalar: Scalar, style: Style) -> Box:
    step, labels = source.step, source.labels
    id, index = scalar
    node = step.nodes[id]
    lines = _formula(source.made_of(scalar)[0], labels.element(id, index))
    columns = [Column(style.tell("value"), (number_of(node, index, labels.noise),))]
    gradient = step.gradients.get(id)
    if gradient is not None and gradient != id:
        number = number_of(step.nodes[gradient], index, labels.noise)
        made = _formula(source.made_of((gradient, index))[0], "")
        columns.append(Column(style.tell("gradient"), (number, *made), is_gradient=True))
    title = title_of(labels.element(id, index))
    return Box(_key(scalar), kind_of(node), title, "", lines, tuple(columns), tip_of(node, labels))


def _formula(formula: str, name: str) -> tuple[str, ...]:
    return tuple(wrapped(f"={GLUE}{formula}", FORMULA_WIDTH)) if formula and formula != name else ()
