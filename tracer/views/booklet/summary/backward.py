"""The page of the backward pass: every gradient with its rule, one number worked out, and what it says."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracer.graph.record import Node, Phase, Step
from tracer.ops.foreign.names import base_name
from tracer.ops.indices import Index
from tracer.views.booklet.page import Heading, page
from tracer.views.booklet.summary import cards, example
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.fitting import fitted
from tracer.views.diagrams.theme import Kind
from tracer.views.explaining.meaning import meaning
from tracer.views.grids import shortened
from tracer.views.local_rules import GRADIENT_SYMBOL, LocalRule, local_rules
from tracer.views.notation import MAX_FULL_SIZE, content_text, number_of
from tracer.views.worked import moved_element

MAX_CARDS = 48
"""Maximum number of gradients that are tried on the page."""

FORMULA_LENGTH = 40

Element = tuple[Node, Index]
"""An element of a value."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is said of a gradient: size of the type, number of terms that are written in full.

    `level` 2 is its equation with a number, 3 has the rule too, 4 typesets the equation and has the values.
    """

    size: float
    terms: int
    level: int


LEVELS = (
    Detail(10, 32, 4),
    Detail(9, 32, 4),
    Detail(9, 32, 3),
    Detail(8.5, 32, 3),
    Detail(8, 32, 3),
    Detail(8.5, 6, 3),
    Detail(8.5, 6, 2),
)
"""How much is said of every gradient: the first of these that fits on the page."""


def backward_page(subject: Subject) -> str:
    """The page of the backward pass."""
    tell, step = subject.style.tell, subject.step
    heading = Heading(tell("Step {step}: backward", step=step.index), 1)
    nodes = [node for node in subject.shown(Phase.BACKWARD) if node.gradient_of is not None]
    if not nodes:
        caption = tell("No gradient is on record for this step.")
        return page(heading, cards.placed(cards.plain(caption)))
    caption = _caption(subject)
    seed = step.nodes[step.gradients[step.loss_id]] if step.loss_id in step.gradients else None
    if seed is not None and seed.is_leaf and seed.is_kept and not seed.shape:
        begins = tell("The first gradient is {equation}.", equation=subject.labels.equation(seed))
        caption = tell("{sentence} {next}", sentence=caption, next=begins)
    rules: Mapping[int, list[LocalRule]] = defaultdict(list)
    for rule in local_rules(step, subject.labels):
        rules[rule.contribution].append(rule)
    entering = _entering(subject, nodes)

    def variant(chosen: Sequence[Node], detail: Detail) -> list[str]:
        return [_card(subject, node, rules.get(node.id, ()), entering.get(node.id, ()), detail) for node in chosen]

    few = variant(_by_importance(step, nodes)[:MAX_CARDS], Detail(8.5, 6, 3))
    variants = [variant(nodes, detail) for detail in LEVELS] if len(nodes) <= MAX_CARDS else []
    return page(heading, "\n".join([cards.placed(cards.plain(caption)), fitted([*variants, few], len(nodes), tell)]))


def _caption(subject: Subject) -> str:
    tell, followed = subject.style.tell, subject.followed
    caption = tell(
        "From the loss back to the parameters: a rule takes {g}, the gradient with respect to the result of an operation, and"
        " gives that with respect to its input. Of the terms of a sum, the largest come first.",
        g=GRADIENT_SYMBOL,
    )
    if followed.root is None:
        chosen = tell("The largest number of each gradient is worked out.")
    else:
        chosen = tell(
            "{name}, the largest number of its gradient, is followed back to the loss: on this path, the element that enters it"
            " is worked out; elsewhere one that is computed from these, or else the largest.",
            name=subject.labels.element(followed.root, followed.elements[followed.root]),
        )
    return tell("{sentence} {next}", sentence=caption, next=chosen)


def _by_importance(step: Step, nodes: Sequence[Node]) -> list[Node]:
    """The gradients of parameters first, then those of other values; each the longest first."""
    of_parameters = {step.gradients[node.id] for node in step.parameters if node.id in step.gradients}

    def rank(node: Node) -> tuple[bool, float]:
        length = node.summary.l2
        return node.id not in of_parameters, -length if math.isfinite(length) else -math.inf

    return sorted(nodes, key=rank)


def _card(subject: Subject, node: Node, rules: Sequence[LocalRule], entering: Sequence[Element], detail: Detail) -> str:
    """A gradient with its rule and a number."""
    style, labels, step, size = subject.style, subject.labels, subject.step, detail.size
    equation = labels.equation_tree(node)
    is_typeset = detail.level > 3
    place = cards.small(_place(subject, node), style)
    plain = cards.numbers(equation.text, style, size)
    parts = [cards.headed(equation, place, style) if is_typeset else cards.pair(plain, place)]
    largest = subject.example(node)
    worked = example.worked(step, labels, largest, detail.terms, style.tell)
    notes = [_rule_text(subject, node, rules), _entering_text(subject, node, entering, worked)]
    if any(notes) and detail.level > 2:
        parts.append(cards.small(style.tell("; ").join(filter(None, notes)), style))
    is_told = bool(worked) and not node.shape
    if detail.level > 3 and not is_told and 0 < node.size <= MAX_FULL_SIZE and node.is_kept:
        parts.append(cards.numbers(f"= {content_text(node, labels.noise)}", style, size, is_gradient=True))
    if worked:
        parts += [cards.numbers(text, style, size, is_gradient=True) for text in worked]
    elif largest is None and node.is_kept and node.size > MAX_FULL_SIZE:
        parts.append(cards.small(style.tell("All {count} numbers are 0.", count=f"{node.size:,}"), style))
    elif largest is not None and (node.shape or detail.level < 4):
        number = number_of(node, largest.index, labels.noise)
        parts.append(cards.numbers(f"{largest.name} = {number}", style, size, is_gradient=True))
    if largest is not None:
        told = meaning(step, node, largest.index, labels, style.tell)
        parts.append(cards.small(told, style) if told else "")
    return cards.card(parts, Kind.BACKWARD, style, 2)


def _adds_gradients(step: Step, node: Node) -> bool:
    """Whether a gradient is the sum of two others, of uses of the same value."""
    is_sum = node.op == "add" or base_name(node.op) == "add"
    return is_sum and len(node.operands) == 2 and all(step.nodes[id].phase is Phase.BACKWARD for id in node.operands)


def _entering(subject: Subject, nodes: Sequence[Node]) -> Mapping[int, Sequence[Element]]:
    """The elements of other gradients of the page that enter what is worked out of each."""
    shown = {node.id for node in nodes}
    return {
        node.id: [
            (each, at)
            for each, at in subject.followed.entering(subject.step, subject.labels, node)
            if each.id in shown and each.shape
        ]
        for node in nodes
    }


def _entering_text(subject: Subject, node: Node, found: Sequence[Element], worked: Sequence[str]) -> str:
    """The elements of other gradients that are in the arithmetic, by name; empty where it names them itself."""
    step, labels, tell = subject.step, subject.labels, subject.style.tell
    if not found or _adds_gradients(step, node):
        return ""
    if len(found) == 1 and moved_element(step.nodes, node, labels, subject.followed.elements[node.id]) in worked:
        return ""
    numbers = (f"{labels.element(each.id, at)} = {number_of(each, at, labels.noise)}" for each, at in found)
    return tell("with {numbers}", numbers=tell(", ").join(numbers))


def _place(subject: Subject, node: Node) -> str:
    """The number of a gradient, and of the operation that it goes back through, with its line."""
    tell, number = subject.style.tell, subject.number(node.id)
    twin = node.gradient_of if node.rule_of is None else node.rule_of
    if twin is None:
        return number
    source = subject.step.nodes[twin].source
    inside = _formula_around(subject, twin)
    text = tell("{number}, back through {twin}", number=number, twin=subject.number(twin))
    if inside is not None:
        text = tell("{number}, back through {twin} in {whole}", number=number, twin=subject.number(twin),
                    whole=subject.number(inside))  # fmt: skip
    return f"{text}   {source}" if source is not None else text


def _formula_around(subject: Subject, id: int) -> int | None:
    """The operation in whose formula another one is written; None if it has a formula of its own."""
    step, inside = subject.step, id
    while subject.labels.is_inlined(inside):
        user = next((node.id for node in step.nodes[inside + 1 :] if inside in node.operands), None)
        if user is None:
            return None
        inside = user
    return inside if inside != id else None


def _rule_text(subject: Subject, node: Node, rules: Sequence[LocalRule]) -> str:
    """The rule in terms of the gradient that arrives, where it is another formula than the equation."""
    step, labels, tell = subject.step, subject.labels, subject.style.tell
    if node.rule_of is None and node.gradient_of is not None and _adds_gradients(step, node):
        return tell("{value} is used several times: what comes back from its uses is added up", value=labels[node.gradient_of])
    for rule in rules:
        if rule.user != node.rule_of or rule.formula is None or rule.user not in step.gradients:
            continue
        arriving = labels[step.gradients[rule.user]]
        forward = shortened(labels.equation(step.nodes[rule.user]), FORMULA_LENGTH)
        return tell("{forward}: the rule for {value} is {rule}, where {g} = {arriving} arrives", forward=forward,
                    rule=rule.formula.text, value=labels[rule.value], g=GRADIENT_SYMBOL,
                    arriving=shortened(arriving, FORMULA_LENGTH))  # fmt: skip
    return ""
