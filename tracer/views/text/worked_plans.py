"""Worked elements of many steps with the same structure: the formula is built once, each step puts its numbers in.

A formula with numbers depends on little else than where the numbers are from and which of them are negative. What depends on
more is worked out anew in every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tracer.graph.expression import SUM, Expression, Number, Sign
from tracer.graph.record import Literal, Node
from tracer.i18n.language import Language
from tracer.ops.base import Op
from tracer.ops.indices import Index
from tracer.ops.terms import Terms
from tracer.views.arithmetic.counted_terms import counted_in
from tracer.views.arithmetic.signs import with_signs
from tracer.views.notation import Labels, number_of
from tracer.views.worked import MAX_TERMS, ElementFormatter, array_of, chosen_of, worked_element

MAX_TEMPLATES = 32
"""Maximum number of templates of an element: one for each combination of signs, and of terms that are 0."""

_MARK = "\0"
"""Stands before and after the position of a number in a template: no formula contains it."""

_EXPONENT = len(".e-308")
"""Maximum length of a number besides its digits and its sign."""

_SIGNED = "(-)"
"""What a negative number may have besides."""

_INTEGER = 20
"""Maximum length of an integer of 64 bits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number is from: an element of a node, or one of the elements of it that a sum chooses."""

    id: int
    index: Index | Sequence[Index]
    chosen: int = -1

    def index_in(self, chosen: np.ndarray) -> Index:
        """The index of the element."""
        return tuple(self.index) if self.chosen < 0 else self.index[chosen[self.chosen]]


@dataclass(frozen=True, slots=True)
class Choice:
    """The inputs of a sum of which only the largest terms are written."""

    op: type[Op]
    parts: tuple[tuple[int | Literal, Index], ...]

    def terms_in(self, nodes: Sequence[Node]) -> tuple[np.ndarray, int]:
        """The positions of the terms to write, and how many terms are 0."""
        return chosen_of(self.op, [np.asarray(array_of(nodes, operand)[part]) for operand, part in self.parts], MAX_TERMS)


@dataclass(frozen=True, slots=True)
class Template:
    """An equation as text and, between, positions of numbers; and its right side before signs are written as by hand."""

    equation: tuple[str | int, ...]
    formula: tuple[str | int, ...]


class DependsOnValuesError(Exception):
    """The form of an element depends on values, not only on their signs."""


@dataclass(slots=True)
class ElementPlan:
    """How an element of a node is worked out in the steps of one structure. `is_fixed` is False if that depends on values.

    `needed` are the nodes whose values it takes.
    """

    needed: frozenset[int] = frozenset()
    places: tuple[Place, ...] = ()
    choice: Choice | None = None
    templates: dict[tuple[int, tuple[bool, ...]], Template | None] = field(default_factory=dict)
    is_fixed: bool = True


class WorkedPlans:
    """Works out the first element of nodes, as `worked_element` does, in steps of one structure."""

    def __init__(self, digits: int, tell: Language) -> None:
        self._digits = digits
        self._tell = tell
        self._plans: dict[int, ElementPlan] = {}

    def text(self, nodes: Sequence[Node], node: Node, labels: Labels) -> str:
        """The equation; empty if there is none."""
        if node.is_leaf or not node.size:
            return ""
        plan, tree = self._plans.get(node.id), None
        if plan is None:
            plan, tree = _Outline(nodes, labels, self._digits).plan(node)
        is_kept = all(nodes[id].is_kept for id in plan.needed)
        if is_kept:
            self._plans[node.id] = plan  # where a value is missing, less is written
        if not is_kept or not plan.is_fixed:
            return worked_element(nodes, node, labels, None, self._digits, tell=self._tell)
        chosen, zeros = plan.choice.terms_in(nodes) if plan.choice is not None else (_NONE, 0)
        numbers = [number_of(nodes[place.id], place.index_in(chosen), labels.noise, self._digits) for place in plan.places]
        key = (zeros, tuple([number[0] == "-" for number in numbers]))
        if key not in plan.templates:
            if len(plan.templates) == MAX_TEMPLATES:
                plan.templates.clear()
            try:
                tree = tree or _Outline(nodes, labels, self._digits).expansion(node, _first(node))
            except DependsOnValuesError:
                plan.is_fixed = False
                return worked_element(nodes, node, labels, None, self._digits, tell=self._tell)
            plan.templates[key] = self._template(node, labels, tree)
        template = plan.templates[key]
        if template is None:
            return ""
        numbers = [number.removeprefix("-") for number in numbers]
        result = number_of(node, _first(node), labels.noise, self._digits)
        if _filled(template.formula, numbers) == result:
            return ""
        return f"{_filled(template.equation, numbers)} = {result}"

    def _template(self, node: Node, labels: Labels, tree: Expression | None) -> Template | None:
        if tree is None or not (bare := tree.format(compact=True)):
            return None
        arithmetic = counted_in(with_signs(tree), self._tell).operand_text(SUM, compact=True)
        return Template(_pieces(f"{labels.element(node.id, _first(node))} = {arithmetic}"), _pieces(bare))


_NONE = np.empty(0, dtype=np.intp)


def _first(node: Node) -> Index:
    return (0,) * len(node.shape)


class _Outline(ElementFormatter):
    """Builds formulas with marks for numbers, in order, and remembers where the numbers are from."""

    def __init__(self, nodes: Sequence[Node], labels: Labels, digits: int) -> None:
        super().__init__(nodes, labels, digits)
        self._needed: set[int] = set()
        self._places: list[Place] = []
        self._choice: Choice | None = None

    def plan(self, node: Node) -> tuple[ElementPlan, Expression | None]:
        """Where the numbers of the first element of a node are from, and its formula in this step."""
        try:
            tree = self.expansion(node, _first(node))
        except DependsOnValuesError:
            return ElementPlan(is_fixed=False), None
        return ElementPlan(frozenset(self._needed), tuple(self._places), self._choice), tree

    def expansion(self, node: Node, index: Index, *, as_part: bool = False) -> Expression | None:
        self._needed |= {node.id, *node.operands}
        count, choice = len(self._places), self._choice
        found = super().expansion(node, index, as_part=as_part)
        if found is None:
            del self._places[count:]
            self._choice = choice
        return found

    def term(self, node: Node, index: Index) -> Expression:
        return self._mark(Place(node.id, index), node, index)

    def chosen_terms(self, node: Node, positions: Sequence[Index], chosen: np.ndarray) -> tuple[Expression, ...]:
        if len(positions) == len(chosen):
            return super().chosen_terms(node, positions, chosen)
        return tuple(self._mark(Place(node.id, positions, number), node, positions[at]) for number, at in enumerate(chosen))

    def _mark(self, place: Place, node: Node, index: Index) -> Expression:
        if node.dtype.startswith("complex"):
            raise DependsOnValuesError  # a number of two parts
        mark = Number(f"{_MARK}{len(self._places)}{_MARK}")
        self._places.append(place)
        return Sign("-", mark) if number_of(node, index, self._labels.noise, self._digits).startswith("-") else mark

    def is_short(self, expansion: Expression) -> bool:
        """Whether it is, whatever the numbers are."""
        shortest = longest = 0
        for piece in _pieces(expansion.text):
            if isinstance(piece, str):
                shortest += len(piece)
                longest += len(piece)
            else:
                shortest += 1 - len(_SIGNED)  # it may be negative here, and not in another step
                longest += len(_SIGNED) + self._max_length(self._places[piece])
        if shortest <= self.max_inner_length < longest:
            raise DependsOnValuesError
        return longest <= self.max_inner_length

    def _max_length(self, place: Place) -> int:
        is_float = self._nodes[place.id].dtype.startswith("float")
        return self._digits + _EXPONENT if is_float else _INTEGER

    def _terms(self, op: type[Op], node: Node, index: Index) -> list[Terms] | None:
        if not op.has_fixed_parts(len(node.inputs)):
            raise DependsOnValuesError
        terms = super()._terms(op, node, index)
        if terms is not None and not all(term.is_whole for term in terms):
            parts = op.parts(index, [array_of(self._nodes, operand) for operand in node.inputs], node.parameters) or ()
            found = zip(node.inputs, parts, strict=True)
            self._choice = Choice(op, tuple((operand, part) for operand, part in found if part is not None))
        return terms

    def chosen(self, sizes: np.ndarray) -> tuple[np.ndarray, int]:
        raise DependsOnValuesError

    def input_element(self, operand: int | Literal, index: Index) -> Expression:
        raise DependsOnValuesError

    def computed_number(self, value: float) -> Expression:
        raise DependsOnValuesError


def _pieces(text: str) -> tuple[str | int, ...]:
    """The pieces of a text with marks: text and, between, the positions of numbers."""
    return tuple(int(piece) if at % 2 else piece for at, piece in enumerate(text.split(_MARK)))


def _filled(pieces: Sequence[str | int], numbers: Sequence[str]) -> str:
    return "".join([piece if isinstance(piece, str) else numbers[piece] for piece in pieces])
