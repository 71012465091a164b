"""The local rules of a backward pass: what each use of a value does to the incoming gradient `g`, as a short formula."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from tracer.graph.expression import PRODUCT, Expression, Infix, Name
from tracer.graph.formula import formula
from tracer.graph.record import Node, Step
from tracer.views.notation import Labels

CALLED = "g"
"""What the gradient that arrives is called in a local rule."""

_G = Name(CALLED)

UNCHANGED = "* 1"
"""The rule of what is handed on."""

DEEPEST = 8
"""Operations of one rule that are written into each other."""


@dataclass(frozen=True, slots=True)
class LocalRule:
    """How one use of a value passes the gradient on.

    `value` is used by `user`; `part` is the gradient that comes this way, `formula` how it is made of the gradient `g` of
    `user`, None where it is the same. `text` is the rule written short: `@ W2.T`, `* (h1 > 0)`, `sum(g, axis=0)`.
    """

    value: int
    user: int
    part: int
    formula: Expression | None
    text: str


def contributions(step: Step, gradient: Node) -> list[Node]:
    """The nodes that were added up to a gradient, where it is such a sum; each came through another operation."""
    if gradient.rule_of is not None or gradient.op != "add":
        return []
    parts: list[Node] = []
    waiting = [gradient]  # not by recursion: a value may be used thousands of times
    while waiting:
        node = waiting.pop()
        if node.op == "add" and node.rule_of is None and node.gradient_of == gradient.gradient_of:
            waiting += [step.nodes[operand] for operand in reversed(node.operands)]
        else:
            parts.append(node)
    return parts


def local_rules(step: Step, labels: Labels) -> list[LocalRule]:
    """The rules of all uses of values through which the gradient came, in the order of the uses."""
    parts_of: dict[int, list[Node]] = {}
    for value, gradient in step.gradients.items():
        node = step.nodes[gradient]
        # Of a gradient that several values share, only the first is where the parts came together.
        parts_of[value] = (contributions(step, node) if node.gradient_of == value else []) or [node]
    rules = []
    left = {value: list(parts) for value, parts in parts_of.items()}
    users = defaultdict(list)
    for node in step.nodes:
        if node.id in step.gradients and not node.is_leaf:
            for operand in node.operands:
                users[operand].append(node)
    for value, parts in parts_of.items():
        for user in users[value]:
            arriving = step.gradients[user.id]
            part = next((each for each in left[value] if each.rule_of == user.id), None)
            if part is None:
                # A rule that changes nothing records nothing: what arrives is handed on.
                part = next((each for each in parts if each.id == arriving), None)
            else:
                left[value].remove(part)
            if part is not None:
                rules.append(_rule(value, user.id, step, part, arriving, labels))
    return rules


def _rule(value: int, user: int, step: Step, part: Node, arriving: int, labels: Labels) -> LocalRule:
    """What happens to the gradient that arrives; a product or quotient of it is written from its sign on."""
    if part.id == arriving:
        return LocalRule(value, user, part.id, None, UNCHANGED)
    uses = 0

    def of_input(id: int, depth: int = 0) -> Expression:
        nonlocal uses
        if id == arriving:
            uses += 1
            return _G
        node = step.nodes[id]
        if node.rule_of != part.rule_of or node.rule_of is None or node.is_leaf or depth > DEEPEST:
            return labels.tree(id)
        return formula(node.formula, node.inputs, lambda inner: of_input(inner, depth + 1))

    tree = of_input(part.id)
    is_short = uses == 1 and isinstance(tree, Infix) and tree.precedence == PRODUCT and tree.operands[0] is _G
    return LocalRule(value, user, part.id, tree, tree.text.removeprefix(f"{CALLED} ") if is_short else tree.text)
