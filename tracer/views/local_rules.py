"""The local rules of a backward pass: how each use of a value transforms the incoming gradient `g`, as a short formula."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tracer.graph.expression import PRODUCT, Expression, Infix, Name
from tracer.graph.formula import formula
from tracer.graph.losses import passes, symbol_of
from tracer.graph.record import Node, Step
from tracer.views.gradient_terms import gradient_terms
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
        return labels.shown(node, formula(node.formula, node.inputs, lambda inner: of_input(inner, depth + 1)))

    tree = of_input(contribution.id)
    is_short = uses == 1 and isinstance(tree, Infix) and tree.precedence == PRODUCT and tree.operands[0] is _G
    return LocalRule(value, user, contribution.id, tree, tree.text.removeprefix(f"{GRADIENT_SYMBOL} ") if is_short else tree.text)
