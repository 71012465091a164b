"""Formulas of groups and the rules of their gradients, in terms of `g`, the gradient that arrives."""

from __future__ import annotations

from tracer.graph.expression import Expression, Name
from tracer.graph.formula import formula
from tracer.graph.record import Node, Phase
from tracer.views.gradient_terms import GradientTerm
from tracer.views.ideas.flow import Flow
from tracer.views.ideas.groups import Group
from tracer.views.local_rules import GRADIENT_SYMBOL
from tracer.views.simplifying import simplified

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


def terms_by_use(terms: list[GradientTerm]) -> dict[tuple[int, int], int]:
    """The contribution of every use, by the value and its user."""
    return {(term.value, term.user): term.contribution for term in terms}
