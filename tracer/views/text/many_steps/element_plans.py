"""Plans of worked elements: the formula with marks for numbers, and where the numbers are from.

A formula with numbers depends on little else than where the numbers are from and which of them are negative. What depends on
more is worked out anew each time.
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
from tracer.views.arithmetic.signs import mapped, with_signs
from tracer.views.notation import Labels
from tracer.views.text.many_steps.number_texts import Numbers
from tracer.views.worked import MAX_TERMS, ElementFormatter, array_of, chosen_of

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
    """Where a number is from: an element of a node, by its index and its position in order. `slot` is the number of the node."""

    slot: int
    index: Index
    position: int

    def number(self, numbers: Numbers, ids: Sequence[int], chosen: np.ndarray) -> str:
        """The number in a step; `ids` are the nodes by their slots."""
        return numbers.at(ids[self.slot], self.index, self.position)


@dataclass(frozen=True, slots=True)
class ChosenPlace:
    """Where a number is from that is one of the terms that a sum chooses."""

    slot: int
    indices: Sequence[Index]
    term: int

    def number(self, numbers: Numbers, ids: Sequence[int], chosen: np.ndarray) -> str:
        """The number in a step; `chosen` are the positions of the terms."""
        return numbers.of_element(ids[self.slot], self.indices[chosen[self.term]])


@dataclass(frozen=True, slots=True)
class Choice:
    """The inputs of a sum of which only the largest terms are written: nodes by their slots, and numbers."""

    op: type[Op]
    parts: tuple[tuple[int | Literal, Index], ...]

    def terms_in(self, nodes: Sequence[Node], ids: Sequence[int]) -> tuple[np.ndarray, int]:
        """The positions of the terms to write, and how many terms are 0."""
        operands = [each if isinstance(each, Literal) else ids[each] for each, _ in self.parts]
        slices = [np.asarray(array_of(nodes, each)[part]) for each, (_, part) in zip(operands, self.parts, strict=True)]
        return chosen_of(self.op, slices, MAX_TERMS)


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
    """The right side of an equation.

    `formula` is the same before signs are written as by hand, if that may be a single number: the result itself. `parts` are
    expanded inputs that it has only if they are short enough.
    """

    arithmetic: Form
    formula: Form | None
    parts: tuple[Form, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """The arithmetic of an element with marks for numbers, None if there is none; and the inputs in it that may be too long."""

    tree: Expression | None
    parts: tuple[Expression, ...]

    def template(self, signs: Sequence[bool], tell: Language) -> Template | None:
        """The arithmetic where these numbers are negative; None if there is none."""
        if self.tree is None:
            return None
        tree = _with_minus(self.tree, signs)
        if not (bare := tree.format(compact=True)):
            return None
        arithmetic = counted_in(with_signs(tree), tell).operand_text(SUM, compact=True)
        parts = tuple([Form.of(_with_minus(part, signs).text) for part in self.parts])
        return Template(Form.of(arithmetic), Form.of(bare) if _OPERATION.isdisjoint(bare) else None, parts)


def _with_minus(tree: Expression, signs: Sequence[bool]) -> Expression:
    """An expression with a minus before the marks of negative numbers."""

    def signed(part: Expression) -> Expression:
        is_mark = isinstance(part, Number) and part.text.startswith(_MARK)
        return Sign("-", part) if is_mark and signs[int(part.text.strip(_MARK))] else part

    return mapped(tree, signed) if any(signs) else tree


class DependsOnValuesError(Exception):
    """The form of an element depends on values, not only on their signs."""


@dataclass(slots=True)
class ElementPlan:
    """How the first element is worked out of nodes that are alike. `is_fixed` is False if that depends on values.

    `needed` are the slots of the nodes whose values it takes, `given` those whose values have to be the same: indices, masks.
    `outlines` and `templates` are by how many terms are 0, the latter also by which numbers are negative.
    """

    needed: frozenset[int] = frozenset()
    given: tuple[tuple[int, bytes], ...] = ()
    places: tuple[Place | ChosenPlace, ...] = ()
    choice: Choice | None = None
    outlines: dict[int, Outline] = field(default_factory=dict)
    templates: dict[tuple[int, tuple[bool, ...]], Template | None] = field(default_factory=dict)
    is_fixed: bool = True

    def suits(self, nodes: Sequence[Node], ids: Sequence[int]) -> bool:
        """Whether the values that it was made for are those of a step."""
        given = [(nodes[ids[slot]], value) for slot, value in self.given]
        return all(node.is_kept and node.value.tobytes() == value for node, value in given)


def _first(node: Node) -> Index:
    return (0,) * len(node.shape)


class Outliner(ElementFormatter):
    """Builds formulas with marks for numbers, in order, and remembers where the numbers are from."""

    def __init__(self, nodes: Sequence[Node], labels: Labels, digits: int, ids: Sequence[int]) -> None:
        super().__init__(nodes, labels, digits)
        self._slots = {id: slot for slot, id in enumerate(ids)}
        self._needed: set[int] = set()
        self._places: list[Place | ChosenPlace] = []
        self._lengths: list[int] = []  # of the numbers at most
        self._choice: Choice | None = None
        self._zeros = 0
        self._given: set[int] = set()
        self._parts: list[Expression] = []

    def plan(self, node: Node) -> ElementPlan:
        """Where the numbers of the first element of a node are from."""
        try:
            tree = self.expansion(node, _first(node))
        except DependsOnValuesError:
            return ElementPlan(is_fixed=False)
        given = tuple((self._slots[id], self._nodes[id].value.tobytes()) for id in sorted(self._given))
        needed = frozenset(self._slots[id] for id in self._needed)
        outlines = {self._zeros: Outline(tree, tuple(self._parts))}
        return ElementPlan(needed, given, tuple(self._places), self._choice, outlines)

    def expansion(self, node: Node, index: Index, *, as_part: bool = False) -> Expression | None:
        self._needed |= {node.id, *node.operands}
        count, parts, choice, zeros = len(self._places), len(self._parts), self._choice, self._zeros
        found = super().expansion(node, index, as_part=as_part)
        if found is None:
            del self._places[count:], self._lengths[count:], self._parts[parts:]
            self._choice, self._zeros = choice, zeros
        return found

    def term(self, node: Node, index: Index) -> Expression:
        position = int(np.ravel_multi_index(index, node.shape, mode="wrap")) if index else 0
        return self._mark(Place(self._slots[node.id], tuple(index), position), node)

    def chosen_terms(self, node: Node, positions: Sequence[Index], chosen: np.ndarray) -> tuple[Expression, ...]:
        if len(positions) == len(chosen):
            return super().chosen_terms(node, positions, chosen)
        slot = self._slots[node.id]
        return tuple(self._mark(ChosenPlace(slot, positions, term), node) for term in range(len(chosen)))

    def _mark(self, place: Place | ChosenPlace, node: Node) -> Expression:
        if node.dtype.startswith("complex"):
            raise DependsOnValuesError  # a number of two parts
        mark = Number(f"{_MARK}{len(self._places)}{_MARK}")
        self._places.append(place)
        self._lengths.append(self._digits + _EXPONENT if node.dtype.startswith("float") else _INTEGER)
        return mark

    def is_short(self, expansion: Expression) -> bool:
        """Assumed; it is a condition of the template, unless all numbers are short enough."""
        form = Form.of(expansion.text)
        longest = len(form.text) + sum(len(_SIGNED) + self._lengths[gap] for gap in form.gaps)
        if longest > self.max_inner_length:
            self._parts.append(expansion)
        return True

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
            slots = [(each if isinstance(each, Literal) else self._slots[each], part) for each, part in found if part is not None]
            self._choice, self._zeros = Choice(op, tuple(slots)), max(term.zeros for term in terms)
        return terms

    def chosen(self, sizes: np.ndarray) -> tuple[np.ndarray, int]:
        raise DependsOnValuesError

    def input_element(self, operand: int | Literal, index: Index) -> Expression:
        raise DependsOnValuesError

    def computed_number(self, value: float) -> Expression:
        raise DependsOnValuesError
