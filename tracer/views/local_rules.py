"""The local rules of a backward pass: how each use of a value transforms the incoming gradient `g`, as a short formula."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tracer.graph.expression import Expression, Name
from tracer.graph.formula import formula
from tracer.graph.losses import passes, symbol_of
from tracer.graph.record import Node, Step
from tracer.views.gradient_terms import gradient_terms
from tracer.views.notation import Labels
from tracer.views.simplifying import simplified

GRADIENT_SYMBOL = "g"
"""The symbol of the incoming gradient in a local rule."""

_G = Name(GRADIENT_SYMBOL)

MAX_DEPTH = 8
"""Maximum number of nested operations in the formula of a rule."""


@dataclass(frozen=True, slots=True)
class LocalRule:
    """How the gradient is propagated through one use of a value.

    `value` is an input of `user`. `contribution` is the gradient propagated through this use, and `formula` its formula in
    terms of `g`, the gradient of `user`; None if it equals `g`. `text` is the short form: `g @ W2.T`, `g * (h1 > 0)`,
    `sum(g, axis=0)`; empty if the numbers are passed on as they are, each of them or the only one to all elements.
    """

    value: int
    user: int
    contribution: int
    formula: Expression | None
    text: str
    loss: str = ""
    """The loss whose gradient it is, if the step has several."""


def local_rules(step: Step, labels: Labels) -> list[LocalRule]:
    """The local rule of every use of a value through which a gradient was propagated, in the order of the uses."""
    rules = []
    for one in passes(step):
        for term in gradient_terms(one):
            rule = _rule(term.value, term.user, one, one.nodes[term.contribution], one.gradients[term.user], labels)
            rules.append(replace(rule, loss=symbol_of(step, one)) if step.losses else rule)
    return rules


def _rule(value: int, user: int, step: Step, contribution: Node, incoming: int, labels: Labels) -> LocalRule:
    """The rule of one use."""
    if contribution.id == incoming:
        return LocalRule(value, user, contribution.id, None, "")

    def of_input(id: int, depth: int = 0) -> Expression:
        if id == incoming:
            return _G
        node = step.nodes[id]
        if node.rule_of != contribution.rule_of or node.rule_of is None or node.is_leaf or depth > MAX_DEPTH:
            return labels.tree(id)
        return labels.shown(node, formula(node.formula, node.inputs, lambda inner: of_input(inner, depth + 1)))

    tree = of_input(contribution.id)
    short = simplified(tree)
    return LocalRule(value, user, contribution.id, tree, "" if short == _G else short.text)
