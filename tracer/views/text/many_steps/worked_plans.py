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
from tracer.views.text.many_steps.number_texts import Numbers
from tracer.views.worked import MAX_INNER_LENGTH, MAX_TERMS, ElementFormatter, array_of, chosen_of, worked_element

MAX_TEMPLATES = 32
"""Maximum number of templates of an element: one for each combination of signs, and of terms that are 0."""

MAX_GIVEN = 4096
"""Maximum number of elements of indices and masks that a plan is made for."""

_MARK = "\0"
"""Stands before and after the position of a number in a template: no formula contains it."""

_OPERATION = frozenset(" */(,[")
"""Characters of which a formula has one, and a single number none."""

_EXPONENT = len(".e-308")
"""Maximum length of a number besides its digits and its sign."""

_SIGNED = "(-)"
"""What a negative number may have besides."""

_INTEGER = 20
"""Maximum length of an integer of 64 bits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number is from: an element of a node, by its index and its position in order."""

    id: int
    index: Index
    position: int

    def number(self, numbers: Numbers, chosen: np.ndarray) -> str:
        """The number in a step."""
        return numbers.at(self.id, self.index, self.position)


@dataclass(frozen=True, slots=True)
class ChosenPlace:
    """Where a number is from that is one of the terms that a sum chooses."""

    id: int
    indices: Sequence[Index]
    term: int

    def number(self, numbers: Numbers, chosen: np.ndarray) -> str:
        """The number in a step; `chosen` are the positions of the terms."""
        return numbers.of_element(self.id, self.indices[chosen[self.term]])


@dataclass(frozen=True, slots=True)
class Choice:
    """The inputs of a sum of which only the largest terms are written."""

    op: type[Op]
    parts: tuple[tuple[int | Literal, Index], ...]

    def terms_in(self, nodes: Sequence[Node]) -> tuple[np.ndarray, int]:
        """The positions of the terms to write, and how many terms are 0."""
        return chosen_of(self.op, [np.asarray(array_of(nodes, operand)[part]) for operand, part in self.parts], MAX_TERMS)


@dataclass(frozen=True, slots=True)
class Form:
    """A text with gaps, and which of the numbers fill them."""

    text: str
    gaps: tuple[int, ...]

    @classmethod
    def of(cls, marked: str) -> Form:
        """The form of a text with marks."""
        pieces = marked.replace("%", "%%").split(_MARK)
        pieces[1::2], gaps = ["%s"] * (len(pieces) // 2), pieces[1::2]
        return cls("".join(pieces), tuple(map(int, gaps)))

    def filled(self, numbers: Sequence[str]) -> str:
        """The text with numbers."""
        return self.text % tuple([numbers[gap] for gap in self.gaps])


@dataclass(frozen=True, slots=True)
class Template:
    """An equation without its result.

    `formula` is its right side before signs are written as by hand, if that may be a single number: the result itself. `parts`
    are expanded inputs that the equation has only if they are short enough.
    """

    equation: Form
    formula: Form | None
    parts: tuple[Form, ...] = ()


class DependsOnValuesError(Exception):
    """The form of an element depends on values, not only on their signs."""


@dataclass(slots=True)
class ElementPlan:
    """How an element of a node is worked out in the steps of one structure. `is_fixed` is False if that depends on values.

    `needed` are the nodes whose values it takes, `given` those that have to be the same: indices, masks.
    """

    needed: frozenset[int] = frozenset()
    given: tuple[tuple[int, bytes], ...] = ()
    places: tuple[Place | ChosenPlace, ...] = ()
    choice: Choice | None = None
    templates: dict[tuple[int, tuple[bool, ...]], Template | None] = field(default_factory=dict)
    is_fixed: bool = True

    def suits(self, nodes: Sequence[Node]) -> bool:
        """Whether the values that it was made for are those of a step."""
        return not self.given or all(nodes[id].is_kept and nodes[id].value.tobytes() == value for id, value in self.given)


class WorkedPlans:
    """Works out the first element of nodes, as `worked_element` does, in steps of one structure."""

    def __init__(self, digits: int, tell: Language) -> None:
        self._digits = digits
        self._tell = tell
        self._plans: dict[int, ElementPlan] = {}

    def equation(self, nodes: Sequence[Node], node: Node, labels: Labels, numbers: Numbers) -> str:
        """The equation; empty if there is none. `labels` and `numbers` are those of the step."""
        if node.is_leaf or not node.size:
            return ""
        planned = self._planned(nodes, node, labels, numbers)
        return worked_element(nodes, node, labels, None, self._digits, tell=self._tell) if planned is None else planned

    def _planned(self, nodes: Sequence[Node], node: Node, labels: Labels, numbers: Numbers) -> str | None:
        """The equation by the plan; None if there is no plan, or if it does not apply to the numbers of the step."""
        plan, outline = self._plans.get(node.id), None
        if plan is None or not plan.suits(nodes):
            outline = _Outline(nodes, labels, self._digits)
            plan = outline.plan(node)
        if not (numbers.are_all_kept or all(nodes[id].is_kept for id in plan.needed)):
            return None  # less is written
        self._plans[node.id] = plan
        if not plan.is_fixed:
            return None
        chosen, zeros = plan.choice.terms_in(nodes) if plan.choice is not None else (_NONE, 0)
        texts = [place.number(numbers, chosen) for place in plan.places]
        key = (zeros, tuple([text[0] == "-" for text in texts]))
        if key not in plan.templates:
            if len(plan.templates) == MAX_TEMPLATES:
                plan.templates.clear()
            if outline is None:
                outline = _Outline(nodes, labels, self._digits)
                outline.plan(node)
            plan.templates[key] = outline.template(node, self._tell)
        template = plan.templates[key]
        if template is None:
            return ""
        texts = [text.removeprefix("-") for text in texts]
        if template.parts and any(len(part.filled(texts)) > MAX_INNER_LENGTH for part in template.parts):
            return None
        result = numbers.at(node.id, _first(node), 0)
        if template.formula is not None and template.formula.filled(texts) == result:
            return ""
        return f"{template.equation.filled(texts)} = {result}"


_NONE = np.empty(0, dtype=np.intp)


def _first(node: Node) -> Index:
    return (0,) * len(node.shape)


class _Outline(ElementFormatter):
    """Builds formulas with marks for numbers, in order, and remembers where the numbers are from."""

    def __init__(self, nodes: Sequence[Node], labels: Labels, digits: int) -> None:
        super().__init__(nodes, labels, digits)
        self._needed: set[int] = set()
        self._places: list[Place | ChosenPlace] = []
        self._choice: Choice | None = None
        self._given: set[int] = set()
        self._parts: list[Form] = []
        self._tree: Expression | None = None

    def plan(self, node: Node) -> ElementPlan:
        """Where the numbers of the first element of a node are from."""
        try:
            self._tree = self.expansion(node, _first(node))
        except DependsOnValuesError:
            return ElementPlan(is_fixed=False)
        given = tuple((id, self._nodes[id].value.tobytes()) for id in sorted(self._given))
        return ElementPlan(frozenset(self._needed), given, tuple(self._places), self._choice)

    def template(self, node: Node, tell: Language) -> Template | None:
        """The equation of the element for these signs, after `plan`; None if there is none."""
        if self._tree is None or not (bare := self._tree.format(compact=True)):
            return None
        arithmetic = counted_in(with_signs(self._tree), tell).operand_text(SUM, compact=True)
        equation = Form.of(f"{self._labels.element(node.id, _first(node))} = {arithmetic}")
        return Template(equation, Form.of(bare) if _OPERATION.isdisjoint(bare) else None, tuple(self._parts))

    def expansion(self, node: Node, index: Index, *, as_part: bool = False) -> Expression | None:
        self._needed |= {node.id, *node.operands}
        count, parts, choice = len(self._places), len(self._parts), self._choice
        found = super().expansion(node, index, as_part=as_part)
        if found is None:
            del self._places[count:], self._parts[parts:]
            self._choice = choice
        return found

    def term(self, node: Node, index: Index) -> Expression:
        position = int(np.ravel_multi_index(index, node.shape, mode="wrap")) if index else 0
        return self._mark(Place(node.id, tuple(index), position), node, index)

    def chosen_terms(self, node: Node, positions: Sequence[Index], chosen: np.ndarray) -> tuple[Expression, ...]:
        if len(positions) == len(chosen):
            return super().chosen_terms(node, positions, chosen)
        return tuple(self._mark(ChosenPlace(node.id, positions, term), node, positions[at]) for term, at in enumerate(chosen))

    def _mark(self, place: Place | ChosenPlace, node: Node, index: Index) -> Expression:
        if node.dtype.startswith("complex"):
            raise DependsOnValuesError  # a number of two parts
        mark = Number(f"{_MARK}{len(self._places)}{_MARK}")
        self._places.append(place)
        return Sign("-", mark) if number_of(node, index, self._labels.noise, self._digits).startswith("-") else mark

    def is_short(self, expansion: Expression) -> bool:
        """Assumed; it is a condition of the template, unless all numbers are short enough."""
        form = Form.of(expansion.text)
        longest = len(form.text) + sum(len(_SIGNED) + self._max_length(self._places[gap]) for gap in form.gaps)
        if longest > self.max_inner_length:
            self._parts.append(form)
        return True

    def _max_length(self, place: Place | ChosenPlace) -> int:
        is_float = self._nodes[place.id].dtype.startswith("float")
        return self._digits + _EXPONENT if is_float else _INTEGER

    def _terms(self, op: type[Op], node: Node, index: Index) -> list[Terms] | None:
        positions = op.parts_depend_on(len(node.inputs))
        if positions is None:
            raise DependsOnValuesError
        deciding = [node.inputs[position] for position in positions]
        self._given |= {operand for operand in deciding if not isinstance(operand, Literal)}
        if any(self._nodes[id].size > MAX_GIVEN for id in self._given):
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
