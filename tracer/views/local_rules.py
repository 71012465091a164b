"""The local rules of a backward pass: how each use of a value transforms the incoming gradient `g`, as a short formula."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from tracer.graph.expression import PRODUCT, Expression, Infix, Name
from tracer.graph.formula import formula
from tracer.graph.record import Node, Step
from tracer.views.notation import Labels

GRADIENT_SYMBOL = "g"
"""The symbol of the incoming gradient in a local rule."""

_G = Name(GRADIENT_SYMBOL)

UNCHANGED = "* 1"
"""The rule of an operation that passes the gradient on unchanged."""

MAX_DEPTH = 8
"""Maximum number of nested operations in the formula of a rule."""


@dataclass(frozen=True, slots=True)
class LocalRule:
    """How the gradient is propagated through one use of a value.

    `value` is an input of `user`. `contribution` is the gradient propagated through this use, and `formula` its formula in
    terms of `g`, the gradient of `user`; None if it equals `g`. `text` is the short form: `@ W2.T`, `* (h1 > 0)`,
    `sum(g, axis=0)`.
    """

    value: int
    user: int
    contribution: int
    formula: Expression | None
    text: str


def contributions(step: Step, gradient: Node) -> list[Node]:
    """The nodes that were accumulated into a gradient, one per use of its value; empty if it was not accumulated."""
    if gradient.rule_of is not None or gradient.op != "add":
        return []
    found: list[Node] = []
    pending = [gradient]  # no recursion: a value may be used thousands of times
    while pending:
        node = pending.pop()
        if node.op == "add" and node.rule_of is None and node.gradient_of == gradient.gradient_of:
            pending += [step.nodes[operand] for operand in reversed(node.operands)]
        else:
            found.append(node)
    return found


def local_rules(step: Step, labels: Labels) -> list[LocalRule]:
    """The local rule of every use of a value through which a gradient was propagated, in the order of the uses."""
    contributions_of: dict[int, list[Node]] = {}
    for value, gradient in step.gradients.items():
        node = step.nodes[gradient]
        # If several values share a gradient, the contributions belong to the first.
        contributions_of[value] = (contributions(step, node) if node.gradient_of == value else []) or [node]
    rules = []
    unassigned = {value: list(nodes) for value, nodes in contributions_of.items()}
    users = defaultdict(list)
    for node in step.nodes:
        if node.id in step.gradients and not node.is_leaf:
            for operand in node.operands:
                users[operand].append(node)
    for value, nodes in contributions_of.items():
        for user in users[value]:
            incoming = step.gradients[user.id]
            contribution = next((each for each in unassigned[value] if each.rule_of == user.id), None)
            if contribution is None:
                # A rule that returns `g` itself records no node.
                contribution = next((each for each in nodes if each.id == incoming), None)
            else:
                unassigned[value].remove(contribution)
            if contribution is not None:
                rules.append(_rule(value, user.id, step, contribution, incoming, labels))
    return rules


def _rule(value: int, user: int, step: Step, contribution: Node, incoming: int, labels: Labels) -> LocalRule:
    """The rule of one use. A product or quotient that begins with `g` is shortened to what follows `g`."""
    if contribution.id == incoming:
        return LocalRule(value, user, contribution.id, None, UNCHANGED)
    uses = 0

    def of_input(id: int, depth: int = 0) -> Expression:
        nonlocal uses
        if id == incoming:
            uses += 1
            return _G
        node = step.nodes[id]
        if node.rule_of != contribution.rule_of or node.rule_of is None or node.is_leaf or depth > MAX_DEPTH:
            return labels.tree(id)
        return formula(node.formula, node.inputs, lambda inner: of_input(inner, depth + 1))

    tree = of_input(contribution.id)
    is_short = uses == 1 and isinstance(tree, Infix) and tree.precedence == PRODUCT and tree.operands[0] is _G
    return LocalRule(value, user, contribution.id, tree, tree.text.removeprefix(f"{GRADIENT_SYMBOL} ") if is_short else tree.text)
