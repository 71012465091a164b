"""The terms of a gradient: one for every use of its value through which a gradient flowed back."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracer.graph.record import Node, Step
from tracer.ops.foreign.lookup import operation_named
from tracer.ops.foreign.names import base_name, needs_no_row


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
    if gradient.rule_of is not None or not _is_sum(gradient):
        return []
    found: list[Node] = []
    pending = [gradient]  # no recursion: a value may be used thousands of times
    while pending:
        node = pending.pop()
        if _is_sum(node) and node.rule_of is None and node.gradient_of == gradient.gradient_of:
            pending += [step.nodes[operand] for operand in reversed(node.operands)]
        else:
            found.append(node)
    return found


def _is_sum(node: Node) -> bool:
    return node.op == "add" or base_name(node.op) == "add"


def gradient_terms(step: Step) -> list[GradientTerm]:
    """The terms of every gradient of a step, ordered by value and then by use; of several losses give one backward pass."""
    users = _users(step)
    terms: list[GradientTerm] = []
    for value, gradient in step.gradients.items():
        if _is_hidden(step.nodes[value]):
            continue
        node, uses = step.nodes[gradient], _without_views(step, users, value)
        if node.gradient_of == value and node.rule_of is not None and uses == [node.rule_of]:
            terms.append(GradientTerm(value, node.rule_of, gradient))  # most values have one use
            continue
        # If several values share a gradient, the contributions belong to the first; each other one has a single use.
        parts = (contributions(step, node) if node.gradient_of == value else []) or [node]
        terms += [GradientTerm(value, user, part) for user, part in _matched(step, value, uses, parts, users)]
    return sorted(terms, key=lambda term: (term.value, term.user))


def _matched(
    step: Step, value: int, users: Sequence[int], parts: Sequence[Node], direct: Mapping[int, Sequence[int]]
) -> Iterator[tuple[int, int]]:
    """The contribution of every use, with the user."""
    of_rule: dict[int | None, deque[int]] = defaultdict(deque)
    for part in parts:
        if part.gradient_of == value:
            rule = part.rule_of
            while rule is not None and _is_hidden(step.nodes[rule]) and direct.get(rule):
                rule = direct[rule][0]  # the derivative of a view belongs to what uses it
            of_rule[rule].append(part.id)
    passed_on = Counter(part.id for part in parts if part.gradient_of != value)
    for user in users:
        if of_rule[user]:
            yield user, of_rule[user].popleft()
        elif passed_on[step.gradients[user]]:  # a rule that returns the gradient of `user` itself records no node
            passed_on[step.gradients[user]] -= 1
            yield user, step.gradients[user]


def _is_hidden(node: Node) -> bool:
    """Whether a node is only written in the formulas that use it."""
    return needs_no_row(node.op, node.parameters.get("output", 0)) and not node.name


def _without_views(step: Step, users: Mapping[int, Sequence[int]], value: int) -> list[int]:
    """The uses of a value, those of its views in place of the views."""
    found: list[int] = []
    for user in users.get(value, ()):
        found += _without_views(step, users, user) if _is_hidden(step.nodes[user]) else [user]
    return found


def _users(step: Step) -> dict[int, list[int]]:
    """The uses of every value by operations that have a gradient, without inputs that get none, such as a condition."""
    users: dict[int, list[int]] = defaultdict(list)
    is_differentiable = functools.cache(_is_differentiable)
    for node in step.nodes:
        if node.is_leaf or node.id not in step.gradients:
            continue
        for position, operand in enumerate(node.inputs):
            if isinstance(operand, int) and is_differentiable(node.op, position):
                users[operand].append(node.id)
    return users


def _is_differentiable(op: str, position: int) -> bool:
    """Whether an operation passes a gradient back to an input; one that is not known may."""
    found = operation_named(op)
    return found is None or bool(base_name(op)) or found.differentiable(position)
