"""Formulas of groups and the rules of their gradients, in terms of `g`, the gradient that arrives."""

from __future__ import annotations

from tracer.graph.expression import Expression, FunctionCall, Infix, Name, Number, Sign
from tracer.graph.formula import formula
from tracer.graph.record import Node, Phase
from tracer.views.gradient_terms import GradientTerm
from tracer.views.local_rules import GRADIENT_SYMBOL
from tracer.views.slide.structure.flow import Flow
from tracer.views.slide.structure.groups import Group

HIDDEN_CALLS = {"broadcast_to", "stop_gradient"}
"""Functions that are left out of formulas: they change no number."""

MAX_DEPTH = 12
_G = Name(GRADIENT_SYMBOL)


def group_formula(flow: Flow, group: Group, exit: int) -> str:
    """The formula of a value of a group in terms of the inputs of the group; empty if it is too deep."""
    inside = set(group.ids)

    def of(id: int, depth: int) -> Expression:
        node = flow.step.nodes[id]
        if (id not in inside and not flow.labels.is_folded(id)) or node.is_leaf:
            return flow.labels.tree(id)
        if depth > MAX_DEPTH:
            raise RecursionError
        return formula(node.formula, node.inputs, lambda inner: of(inner, depth + 1))

    try:
        return simplified(of(exit, 0)).text
    except RecursionError:
        return ""


def rule_formula(flow: Flow, group: Group, exit: int, start: int) -> str:
    """The formula of a gradient, or of a term of one, in terms of the gradient of the group's value; empty if there is none.

    `start` is the node that was computed in the end. Empty also if it is the gradient of the value itself: the rule that changes
    nothing.
    """
    step = flow.step
    incoming = step.gradients.get(exit)
    inside = set(group.ids)
    found = False

    def of(id: int, depth: int) -> Expression:
        nonlocal found
        node = step.nodes[id]
        if id == incoming:
            found = True
            return _G
        if depth > MAX_DEPTH:
            raise RecursionError
        if node.is_leaf or not _belongs(node, inside):
            return flow.labels.tree(id)
        return formula(node.formula, node.inputs, lambda inner: of(inner, depth + 1))

    if incoming is None or start == incoming:
        return ""
    try:
        tree = simplified(of(start, 0))
    except RecursionError:
        return ""
    return tree.text if found and tree != _G else ""


def _belongs(node: Node, inside: set[int]) -> bool:
    """Whether a node is computed by the rules of these operations, or adds up what they give."""
    if node.phase is not Phase.BACKWARD:
        return False
    return node.rule_of in inside or (node.rule_of is None and node.gradient_of is not None)


def simplified(tree: Expression) -> Expression:
    """A formula without what changes no number: `broadcast_to(g, (10,))`, `g * 1`.

    >>> from tracer.graph.formula import parse
    >>> simplified(parse("broadcast_to(g / 10, (10, 2)) * 1 * (x > 0)")).text
    'g / 10 * (x > 0)'
    """
    if isinstance(tree, FunctionCall):
        if tree.function in HIDDEN_CALLS and tree.arguments:
            return simplified(tree.arguments[0])
        return FunctionCall(tree.function, tuple(map(simplified, tree.arguments)), tree.options)
    if isinstance(tree, Sign):
        return Sign(tree.sign, simplified(tree.operand))
    if isinstance(tree, Infix):
        operands = [simplified(each) for each in tree.operands]
        kept = [(operator, each) for operator, each in zip(tree.operators, operands[1:]) if not _is_one(operator, each)]
        if not kept:
            return operands[0]
        first = operands[0]
        if isinstance(first, Infix) and first.precedence == tree.precedence and tree.operators[0] != "**":
            operators, inner = first.operators, first.operands
            return Infix((*operators, *(each for each, _ in kept)), (*inner, *(each for _, each in kept)))
        return Infix(tuple(each for each, _ in kept), (first, *(each for _, each in kept)))
    return tree


def _is_one(operator: str, operand: Expression) -> bool:
    return operator in ("*", "/") and isinstance(operand, Number) and operand.digits in ("1", "1.0")


def terms_by_use(terms: list[GradientTerm]) -> dict[tuple[int, int], int]:
    """The contribution of every use, by the value and its user."""
    return {(term.value, term.user): term.contribution for term in terms}
