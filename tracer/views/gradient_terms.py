"""The terms of a gradient: one for every use of its value through which a gradient flowed back."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracer.graph.record import Node, Step
from tracer.ops import registry


@dataclass(frozen=True, slots=True)
class GradientTerm:
    """The gradient that flowed back through one use of a value.

    `value` is an input of `user`, and `contribution` the node that was computed from the gradient of `user`. It is the gradient
    of `user` itself if the rule passes it on unchanged. The gradient of `value` is the sum of its terms.
    """

    value: int
    user: int
    contribution: int


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


def gradient_terms(step: Step) -> list[GradientTerm]:
    """The terms of every gradient of a step, ordered by value and then by use; of several losses give one backward pass."""
    users = _users(step)
    terms: list[GradientTerm] = []
    for value, gradient in step.gradients.items():
        node = step.nodes[gradient]
        # If several values share a gradient, the contributions belong to the first; each other one has a single use.
        parts = (contributions(step, node) if node.gradient_of == value else []) or [node]
        terms += [GradientTerm(value, user, part) for user, part in _matched(step, value, users[value], parts)]
    return sorted(terms, key=lambda term: (term.value, term.user))


def _matched(step: Step, value: int, users: Sequence[int], parts: Sequence[Node]) -> Iterator[tuple[int, int]]:
    """The contribution of every use, with the user."""
    of_rule: dict[int | None, deque[int]] = defaultdict(deque)
    for part in parts:
        if part.gradient_of == value:
            of_rule[part.rule_of].append(part.id)
    passed_on = Counter(part.id for part in parts if part.gradient_of != value)
    for user in users:
        if of_rule[user]:
            yield user, of_rule[user].popleft()
        elif passed_on[step.gradients[user]]:  # a rule that returns the gradient of `user` itself records no node
            passed_on[step.gradients[user]] -= 1
            yield user, step.gradients[user]


def _users(step: Step) -> dict[int, list[int]]:
    """The uses of every value by operations that have a gradient, without inputs that get none, such as a condition."""
    users: dict[int, list[int]] = defaultdict(list)
    for node in step.nodes:
        if node.is_leaf or node.id not in step.gradients:
            continue
        op = registry.named(node.op)
        for position, operand in enumerate(node.inputs):
            if isinstance(operand, int) and (op is None or op.differentiable(position)):
                users[operand].append(node.id)
    return users
