"""What elements are made of, for operations that the page has no rule for: the elements of their inputs, and what joins them.

Nothing is claimed that does not hold: the arithmetic is evaluated, and gives the recorded number to rounding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tracer.graph.expression import Expression, FunctionCall, Infix, Number
from tracer.graph.formula import literal, parse_template
from tracer.graph.record import Literal, Node, Step
from tracer.ops.indices import Index, unraveled
from tracer.ops.terms import Elided
from tracer.views.arithmetic.by_formula import ByFormula
from tracer.views.arithmetic.evaluating import Computed, Operand, evaluated
from tracer.views.arithmetic.signs import mapped, parts_of, with_signs
from tracer.views.explaining.largest import largest_index
from tracer.views.notation import Labels
from tracer.views.player.kinds import kind_of_arithmetic
from tracer.views.worked import OTHER_OPERATION, ElementFormatter, input_elements

MAX_TERMS = 1024
"""Maximum number of elements that an element is made of."""

MAX_WRITTEN = 24
"""Maximum number of elements in a formula with numbers; of longer sums in it, the largest terms are written."""

MAX_SIZE = 64
"""Maximum size of a value of which every element is worked out; of a larger one, the largest is."""

MAX_OPERANDS = 12_000
"""Maximum number of operands of a step, apart from those of the largest elements."""

MAX_COMPUTED = 200_000
"""Maximum size of arrays that are computed to work out an element by the formula."""

_UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
_MARK = re.compile("\ue000(.*?)\ue001")

Place: TypeAlias = tuple[int, int]
"""An element: the id of its node, and its position in the order of rows."""


@dataclass(frozen=True, slots=True)
class Written:
    """What elements of a value are made of, by their positions; those of the largest are there."""

    largest: int
    elements: dict[int, dict[str, Any]]


def worked_elements(step: Step, labels: Labels, large: frozenset[int]) -> dict[int, Written]:
    """What elements of operations without a rule in the page are made of, by id: of the largest, and of all of small values.

    It is an element that was `moved`, the `terms` of a sum with their factors, or a formula as `pieces`: texts, numbers, and
    elements as pairs. Of values that are `large` the page has single numbers only.
    """
    found: dict[int, Written] = {}
    writer = _OperandFormatter(step.nodes, labels, max_terms=MAX_TERMS)
    shorter = _OperandFormatter(step.nodes, labels, max_terms=3)
    for node in step.nodes:
        if not _has_arithmetic(node) or _has_rule(step, node):
            continue
        at = _position(node, largest_index(node) or (0,) * len(node.shape))
        worked = _worked(step, node, at, writer, shorter)
        if worked is not None:
            found[node.id] = Written(at, {at: worked})
    left = MAX_OPERANDS
    for id, written in found.items():
        node = step.nodes[id]
        if node.size > MAX_SIZE or any(source in large for source, _ in operands_of(written.elements[written.largest])):
            continue
        for at in range(node.size):
            worked = _worked(step, node, at, writer, shorter) if left > 0 and at != written.largest else None
            if worked is not None:
                written.elements[at] = worked
                left -= len(operands_of(worked))
    return found


def operands_of(worked: Mapping[str, Any]) -> list[Place]:
    """The elements that an element is made of."""
    parts = [worked["moved"]] if "moved" in worked else worked.get("pieces", [])
    parts = [*parts, *(factor for term in worked.get("terms", ()) for factor in term)]
    return [(each[0], each[1]) for each in parts if isinstance(each, list)]


def _has_arithmetic(node: Node) -> bool:
    return not node.is_leaf and node.is_kept and node.size > 0 and node.value.dtype.kind in "fiub"


def _has_rule(step: Step, node: Node) -> bool:
    """Whether the page works out an operation by itself: products of up to two axes, and places by one list for each axis."""
    kind = kind_of_arithmetic(node)
    ranks = [len(step.nodes[each].shape) if isinstance(each, int) else 0 for each in node.inputs]
    if kind in ("matmul", "dot"):
        return max(ranks) <= 2
    if kind in ("take", "scatter"):
        indexed = ranks[0] if kind == "take" else len(node.shape)
        return len(ranks) - 1 == indexed and all(isinstance(each, int) for each in node.inputs)
    return bool(kind)


def _worked(step: Step, node: Node, at: int, writer: _OperandFormatter, shorter: _OperandFormatter) -> dict[str, Any] | None:
    index = unraveled(at, node.shape)
    moved = _moved(step, node, index)
    if moved is not None:
        return moved
    for find in (_OperandFormatter.expansion, _OperandFormatter.by_formula):
        tree = find(writer, node, index)
        if tree is None or any(isinstance(part, Elided) for part in parts_of(tree)) or not _gives(tree, node, index):
            continue
        terms = _terms(tree)
        if terms is not None:
            return terms
        if _count(tree) > MAX_WRITTEN:
            tree = find(shorter, node, index)
            if tree is None or _count(tree) > MAX_WRITTEN:
                continue
        worked = {"pieces": list(_pieces(with_signs(tree)))}
        if operands_of(worked):
            return worked
    return None


def _count(tree: Expression) -> int:
    """The number of elements in a formula with numbers."""
    return sum(isinstance(part, Operand) for part in parts_of(tree))


def _moved(step: Step, node: Node, index: Index) -> dict[str, Any] | None:
    """The element that an element is, of a value that is only moved."""
    found = [(id, places) for id, places in input_elements(step.nodes, node, index) or () if len(places)]
    if len(found) != 1 or len(found[0][1]) != 1:
        return None
    source, place = step.nodes[found[0][0]], tuple(found[0][1][0])
    if not source.is_kept or not np.array_equal(source.value[place], node.value[index], equal_nan=source.value.dtype.kind == "f"):
        return None
    return {"moved": [source.id, _position(source, place)]}


def _gives(tree: Expression, node: Node, index: Index) -> bool:
    """Whether an arithmetic gives the recorded number."""
    try:
        return evaluated(tree, _UNITS.get(node.dtype, 2.0**-52)).is_near(float(node.value[index]))
    except OTHER_OPERATION:
        return False


def _terms(tree: Expression) -> dict[str, Any] | None:
    """A sum of products, its mean, or the largest or smallest of some elements; None for anything else."""
    match tree:
        case Infix(("/",), (total, Number(digits))) if digits.isdecimal():
            found = _terms(total)
            return None if found is None or len(found) > 1 else found | {"divisor": int(digits)}
        case FunctionCall("max" | "min", arguments, ()) if all(isinstance(each, Operand) for each in arguments):
            return {"terms": [[_factor(each)] for each in arguments], "isExtreme": True}
        case Number("0"):
            return {"terms": []}
        case Infix(operators, operands) if set(operators) == {"+"}:
            terms = [_product(each) for each in operands]
        case _:
            terms = [_product(tree)]
    if any(term is None or not any(isinstance(factor, list) for factor in term) for term in terms):
        return None
    return {"terms": terms}


def _product(tree: Expression) -> list[Any] | None:
    """The factors of a product; None for anything else."""
    factors = tree.operands if isinstance(tree, Infix) and set(tree.operators) == {"*"} else (tree,)
    return [_factor(each) for each in factors] if all(isinstance(each, (Operand, Computed)) for each in factors) else None


def _factor(tree: Expression) -> Any:
    """An element as its place, a number as it is."""
    return [tree.id, tree.at] if isinstance(tree, Operand) else tree.value  # type: ignore[attr-defined]


class _Marked(Expression):
    """A piece of a formula between marks, by which the formula is cut into pieces."""

    def __init__(self, number: int) -> None:
        self._number = number

    def format(self, compact: bool) -> str:
        return f"\ue000{self._number}\ue001"


def _pieces(tree: Expression) -> Iterator[Any]:
    """A formula as texts, numbers, elements, and `left` for the terms that are left out."""
    parts: list[Any] = []

    def marked(part: Expression) -> Expression:
        if not isinstance(part, (Operand, Computed, Elided)):
            return part
        parts.append({"left": part.count - 3} if isinstance(part, Elided) else _factor(part))
        return _Marked(len(parts) - 1)

    for at, piece in enumerate(_MARK.split(mapped(tree, marked).format(compact=False))):
        if piece:
            yield parts[int(piece)] if at % 2 else piece


def _position(node: Node, index: Sequence[Any]) -> int:
    """The position of an element in the order of rows."""
    return int(np.ravel_multi_index(tuple(int(each) for each in index), node.shape)) if node.shape else 0


class _OperandFormatter(ElementFormatter):
    """Writes elements as operands."""

    def term(self, node: Node, index: Index) -> Expression:
        return Operand(node.id, _position(node, index), float(node.value[tuple(index)]))

    def _element(self, node: Node, index: Index) -> Expression:
        return self.term(node, index)

    def _literal(self, constant: Literal) -> Expression:
        value = constant.value
        return Computed(value, abs(value)) if isinstance(value, float) else literal(constant)

    def computed_number(self, value: float) -> Expression:
        return Computed(value, abs(value))

    def by_formula(self, node: Node, index: Index) -> Expression | None:
        """The arithmetic of an element by the formula; None if a part of that is not known."""
        if not all(self._nodes[each].is_kept for each in node.operands):
            return None
        arrays = [np.asarray(each.value) if isinstance(each, Literal) else self._nodes[each].value for each in node.inputs]
        if sum(each.size for each in arrays) > MAX_COMPUTED:
            return None
        try:
            formula = parse_template(node.formula)
            return ByFormula(
                formula, arrays, lambda slot, at: self.input_element(node.inputs[slot], at), self._max_terms
            ).element(index)
        except OTHER_OPERATION:
            return None
