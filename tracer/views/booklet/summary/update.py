"""The page of the update: the optimizer once, for one element, and every parameter before and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracer.graph.record import Node, Phase
from tracer.ops.indices import Index
from tracer.views.booklet.page import Heading, page
from tracer.views.booklet.summary import cards, example
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.fitting import fitted
from tracer.views.booklet.typst import CHARACTER_WIDTH
from tracer.views.booklet.update_page import next_start_text, update_sentences
from tracer.views.diagrams.theme import Kind, Style
from tracer.views.explaining.optimizer_words import learning_rate, operation_words, same_change_text
from tracer.views.grids import content_lines, grid_lines, shortened
from tracer.views.notation import number_of, shape_text
from tracer.views.worked import worked_element

MAX_OPERATIONS = 14
"""Maximum number of operations of an optimizer that are written."""

MAX_PARAMETERS = 40
"""Maximum number of parameters that are tried on the page."""

NAME_LENGTH = 40

SIZE = 8.5
"""Font size of the values in points."""

WIDTH, GAP = 512.0, 8.0
"""Width of all columns, and distance between them, in points."""


def update_page(subject: Subject) -> str:
    """The page of the update."""
    tell, step = subject.style.tell, subject.step
    heading = Heading(tell("Step {step}: update", step=step.index), 1)
    updated = [node for node in step.parameters if node.id in step.updates]
    if not updated:
        return page(heading, cards.placed(cards.plain(tell("This step updates no parameter."))))
    sentences = [
        *update_sentences(subject.trace, step, tell),
        same_change_text(step, updated, learning_rate(subject.trace, step), tell),
        next_start_text(subject.trace, step, updated, tell),
    ]
    blocks = [cards.placed(cards.plain(sentence), 8) for sentence in sentences if sentence]
    worked = _optimizer(subject, updated)
    if worked:
        blocks += [cards.placed(worked)]
    rows = [_parameter(subject, node) for node in updated[:MAX_PARAMETERS]]
    return page(heading, "\n".join([*blocks, fitted([rows], len(updated), tell)]))


def _optimizer(subject: Subject, updated: Sequence[Node]) -> str:
    """The operations by which one element of a parameter is updated, in order, with its numbers."""
    step, labels, style = subject.step, subject.labels, subject.style
    root = subject.followed.root
    first = [node for node in updated if root is not None and step.gradients.get(node.id) == root]
    found = next(((node, each) for node in [*first, *updated] if (each := _moved_element(subject, node)) is not None), None)
    if found is None:
        return ""
    parameter, index = found
    new = step.nodes[step.updates[parameter.id]]
    texts = []
    for node in _steps_to(subject, new):
        at = index if node.shape == parameter.shape else () if not node.shape else None
        worked = "" if at is None else worked_element(step.nodes, node, labels, at, tell=subject.style.tell)
        if worked:
            texts.append(_operation(subject, node, worked))
    if len(texts) > MAX_OPERATIONS:
        texts = [*texts[: MAX_OPERATIONS - 2], cards.numbers("...", style), texts[-1]]
    if not texts:
        return ""
    title = style.tell("The update of one element, {name}, with its numbers", name=labels.element(parameter.id, index))
    gradient = step.gradients.get(parameter.id)
    told = []
    if gradient is not None and step.nodes[gradient].is_kept:
        number = number_of(step.nodes[gradient], index, labels.noise)
        told = [cards.numbers(f"{labels.element(gradient, index)} = {number}", style, is_gradient=True)]
    settings = ", ".join(f"{labels[node.id]} = {number_of(node, (), labels.noise)}" for node in _settings(subject, new))
    told += [cards.numbers(settings, style)] if settings else []
    return cards.card([cards.plain(title), *told, *texts], Kind.UPDATE, style, 4)


def _operation(subject: Subject, node: Node, worked: str) -> str:
    """An operation of the optimizer: its formula with the names of the settings, its numbers, what it does."""
    style = subject.style
    source = str(node.source) if node.source is not None else ""
    place = "   ".join(part for part in (subject.number(node.id), source) if part)
    rate = learning_rate(subject.trace, subject.step)
    words = operation_words(subject.step, node, subject.labels, style.tell, rate)
    head = cards.pair(cards.numbers(subject.labels.equation(node), style), cards.small(place, style))
    return cards.above([head, cards.numbers(worked, style), cards.small(words, style) if words else ""], 1.5)


def _settings(subject: Subject, new: Node) -> list[Node]:
    """The numbers of the settings that a new value is computed from."""
    step, wanted = subject.step, {new.id}
    for node in reversed(step.nodes[: new.id + 1]):
        if node.id in wanted and (node.phase is Phase.UPDATE or node is new):
            wanted.update(node.operands)
    found = [step.nodes[id] for id in sorted(wanted)]
    return [node for node in found if node.op == "hyperparameter" and node.is_kept and not node.shape]


def _moved_element(subject: Subject, parameter: Node) -> Index | None:
    """The element with the largest gradient, or else the one that moved most; None if there is none."""
    step, labels = subject.step, subject.labels
    new = step.nodes[step.updates[parameter.id]]
    if not (parameter.is_kept and new.is_kept):
        return None
    gradient = step.gradients.get(parameter.id)
    found = subject.example(step.nodes[gradient]) if gradient is not None else None
    if found is not None and step.nodes[found.node.id].shape == parameter.shape:
        return found.index
    found = example.largest_element(parameter, labels)
    return found.index if found is not None else None


def _steps_to(subject: Subject, new: Node) -> list[Node]:
    """The operations of the update that a new value is computed from, in order."""
    step, labels = subject.step, subject.labels
    wanted = {new.id}
    for node in reversed(step.nodes[: new.id + 1]):
        if node.id in wanted:
            wanted.update(id for id in node.operands if step.nodes[id].phase is Phase.UPDATE)
    nodes = [step.nodes[id] for id in sorted(wanted) if not step.nodes[id].is_leaf]
    return [node for node in nodes if not labels.is_inlined(node.id) or node is new]


def _parameter(subject: Subject, node: Node) -> str:
    """A parameter: old value, gradient, change, new value, beside each other where there is room."""
    step, style, tell = subject.step, subject.style, subject.style.tell
    new = step.nodes[step.updates[node.id]]
    columns = [
        (tell("Old value"), _content(subject, node.id), False),
        (tell("Gradient"), _content(subject, step.gradients.get(node.id)), True),
    ]
    if step.own_gradients:
        columns.append((tell("Own gradient"), _content(subject, step.own_gradients.get(node.id)), True))
    columns += [(tell("Change"), _change(node, new, style), False), (tell("New value"), _content(subject, new.id), False)]
    name = f"{shortened(node.name, NAME_LENGTH)} {shape_text(node.shape) if node.shape else ''}".strip()
    parts = [
        cards.above([cards.small(title, style), cards.lines(texts, style, size=SIZE, is_gradient=is_gradient)], 2)
        for title, texts, is_gradient in columns
    ]
    widest = [max(len(line) for line in texts) * CHARACTER_WIDTH * SIZE for _, texts, _ in columns]
    is_wide = max(widest) > WIDTH / len(columns) - GAP
    across = 2 if is_wide else len(columns)
    return cards.card([cards.numbers(name, style), cards.columns(parts, ["1fr"] * across, GAP)], Kind.PARAMETER, style)


def _content(subject: Subject, id: int | None) -> Sequence[str]:
    return ["-"] if id is None else content_lines(subject.step.nodes[id], subject.labels.noise, subject.style.tell)


def _change(old: Node, new: Node, style: Style) -> Sequence[str]:
    """The difference between a new and an old value; a dash if one of them was not kept."""
    if not (old.is_kept and new.is_kept) or old.shape != new.shape or old.value.dtype.kind not in "fc":
        return ["-"]
    with np.errstate(all="ignore"):
        return grid_lines(np.asarray(new.value - old.value), tell=style.tell)
