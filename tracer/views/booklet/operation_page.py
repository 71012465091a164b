"""The page of one operation: formula, inputs and result, worked examples, minimap."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tracer.graph.expression import Expression
from tracer.graph.losses import gradients_of, pass_of
from tracer.graph.record import Node, Phase, Step
from tracer.i18n.language import Language
from tracer.i18n.message import Message
from tracer.views.booklet.heat_map import SIDE
from tracer.views.booklet.minimap import Minimap
from tracer.views.booklet.page import Heading, block, cell, muted, page_reference, paragraph, with_page_links
from tracer.views.booklet.typst import CHARACTER_WIDTH, flowing
from tracer.views.booklet.typst_math import to_typst
from tracer.views.booklet.values import full_lines, heat_map_of
from tracer.views.diagrams.theme import Style
from tracer.views.explaining.largest import largest_index
from tracer.views.explaining.meaning import meaning
from tracer.views.gradient_terms import contributions
from tracer.views.grids import content_lines, shortened
from tracer.views.local_rules import GRADIENT_SYMBOL, LocalRule
from tracer.views.notation import Labels, node_number, phase_text, shape_text
from tracer.views.own_gradients import own_text, true_text
from tracer.views.worked import moved_element, worked_element

MAP_SIDE = 56.0
"""Maximum length of a side of a heat map in points, so that a page has several operations."""

NUMBER_SIZE = 9.5
"""Font size of numbers in points."""

MIN_NUMBER_SIZE = 7.5
"""Minimum font size of values side by side; values that need a smaller one are stacked."""

WIDTH, SPACING = 523.0, 18.0
"""Width of the text area, and distance of values side by side, in points."""

MAX_STACKED_LINES = 14
"""Maximum number of lines of stacked values; beyond it, arrays are elided in the middle."""

FORMULA_SPACE = 1_000
"""Maximum length of a formula on one line times its font size."""

STACKED_HEAT_MAP_SPACE = 120.0
"""Total height of the heat maps of stacked values in points."""

MAX_STACKED_HEAT_MAPS = 4
"""Maximum number of stacked values with heat maps; with more, the heat maps would be illegibly small."""

MAX_INPUTS = 6
MAX_NAMES = 4
"""Maximum number of names listed; the rest are counted."""

TITLE_LENGTH, NAME_LENGTH = 64, 28
"""Maximum length of a formula in a heading, and of a name above its values."""


@dataclass(frozen=True, slots=True)
class PageContext:
    """The context shared by the pages of a step: labels, minimap, local rules by contribution, style.

    `paged` has every operation that is on a page, `gradients` every gradient.
    """

    step: Step
    labels: Labels
    minimap: Minimap | Message
    """The minimap, or why there is none."""
    rules: Mapping[int, Sequence[LocalRule]]
    paged: Collection[int]
    style: Style
    gradients: Collection[int] = ()
    heat_maps: dict[tuple[int, float], str] = field(default_factory=dict)
    """The heat maps that were drawn, by node and size: a value is shown with everything that uses it."""

    def value_cell(self, node: Node, lines: Sequence[str], size: float, side: float = SIDE) -> str:
        """The numbers of a node, and the heat map of a large one with sides of up to `side` points, as typst code."""
        if (node.id, side) not in self.heat_maps:
            self.heat_maps[node.id, side] = heat_map_of(node, self.style, side)
        numbers = cell("\n".join(lines), self.style, round(size, 2), is_gradient=node.id in self.gradients)
        return numbers + self.heat_maps[node.id, side]

    def key(self, id: int) -> str:
        """The key of the page that shows a node: its own, or the page of the leaves."""
        return f"s{self.step.index}n{id}" if id in self.paged else f"s{self.step.index}leaves"


def leaves_key(step: Step) -> str:
    """The key of the page of the leaves."""
    return f"s{step.index}leaves"


def operation_block(context: PageContext, node: Node) -> str:
    """An operation with its heading, in a block that is not broken between pages: a page has two to four."""
    step, labels, tell = context.step, context.labels, context.style.tell
    equation = labels.equation_tree(node)
    heading = Heading(f"{node_number(step, node.id)} {shortened(equation.text, TITLE_LENGTH)}", 3, context.key(node.id))
    where = tell("{phase} of step {step}", phase=phase_text(node.phase, tell), step=step.index)
    facts = [where, *([tell("in {scope}", scope=shortened(node.scope))] if node.scope else [])]
    head = [
        muted(tell(", ").join(facts), context.style),
        cell(str(node.source), context.style, 9) if node.source else "",
        flowing(shortened(node.source.text, 90), 9, context.style.theme.text) if node.source else "",
        cell(labels.shapes(node), context.style, 9),
    ]
    explanation = _explanation(context, node)
    minimap = context.minimap.typst(node.id, node.operands, context.style) if isinstance(context.minimap, Minimap) else ""
    beside = f"stack(spacing: 4pt, {', '.join(part for part in head if part)})"
    body = [
        f"#block(below: 7pt, grid(columns: (1fr, auto), column-gutter: 12pt, {beside}, {minimap or '[]'}))",
        f"#block(below: 7pt, {_formula(equation, context.style)})",
        f"#block(below: 6pt, {_sentences(explanation)})" if explanation else "",
        _values(context, node),
        *_worked(context, node),
    ]
    return block(heading, "\n".join(part for part in body if part))


def _sentences(texts: Sequence[str]) -> str:
    """Sentences in one paragraph."""
    return " + ".join(with_page_links(f"{text} " if text is not texts[-1] else text) for text in texts)


def _formula(equation: Expression, style: Style) -> str:
    """An equation typeset as mathematics, in a font size that fits the line, or else as plain text."""
    source = to_typst(equation)
    if source is None:
        return flowing(equation.text, 10, style.theme.text)
    return f"text(size: {max(8.0, min(17.0, FORMULA_SPACE / len(equation.text))):.1f}pt, $ {source} $)"


def minimap_caption(context: PageContext) -> str:
    """How the small map beside each operation is read, or why there is none."""
    tell = context.style.tell
    if isinstance(context.minimap, Message):
        return tell("The small map of the step is not drawn: {reason}", reason=tell.message(context.minimap))
    if context.minimap.is_folded:
        return tell("Beside each operation before the update stands the whole step, from left to right, where a dot may stand for"
                    " several operations: the operation in a thick ring, what goes into it in thin ones.")  # fmt: skip
    return tell("Beside each operation before the update stands the whole step, from left to right: the operation in a thick"
                " ring, what goes into it in thin ones.")  # fmt: skip


def _explanation(context: PageContext, node: Node) -> list[str]:
    """Sentences that explain the operation, with page references."""
    tell = context.style.tell
    own = own_text(context.step, node, context.labels, tell)
    if own:
        return [tell("What the program computes as a gradient: {comparison}.", comparison=own)]
    if node.phase is Phase.BACKWARD and node.gradient_of is None:
        return []
    if node.phase is Phase.BACKWARD:
        true = true_text(context.step, node, context.labels, tell)
        beside = [tell("Beside it: {comparison}.", comparison=true)] if true else []
        return [*_backward_explanation(context, node), *beside]
    gradients = [id for id in gradients_of(context.step, node.id) if id in context.paged]
    if gradients and node.phase in (Phase.FORWARD, Phase.LOSS):
        pages = [(context.labels[id], page_reference(context.key(id))) for id in gradients]
        return [tell("Its gradient, {name}, is worked out on page {page}.", name=name, page=page) for name, page in pages]
    if node.phase in (Phase.FORWARD, Phase.LOSS):
        return [tell("No gradient flows back through it.")]
    return []


def _backward_explanation(context: PageContext, node: Node) -> list[str]:
    labels, tell = context.labels, context.style.tell
    step = pass_of(context.step, node)
    if node.rule_of is None:
        if node.id == step.gradients.get(step.loss_id):
            return [tell("The backward pass begins here: the derivative of the loss with respect to itself is 1.")]
        value = node.gradient_of
        parts = contributions(step, node)
        if parts and value is not None:
            page = page_reference(context.key(value))
            twin = tell("Forward twin: {equation}, page {page}.", equation=_equation(context, value), page=page)
            return [_sum_text(context, node, value, len(parts)), twin, *_shared_gradient_note(context, node)]
        names = [labels[of] for of, gradient in step.gradients.items() if gradient == node.id]
        return [tell("No gradient flows back to {names}: it is 0.", names=_listed(names, tell))] if names else []
    user = node.rule_of
    incoming = step.gradients.get(user)
    page = page_reference(context.key(user))
    sentences = [tell("Forward twin: {equation}, page {page}.", equation=_equation(context, user), page=page)]
    if incoming is not None:
        sentences.append(tell("The gradient that arrives there is {g} = {name}, page {page}.", g=GRADIENT_SYMBOL,
                              name=labels[incoming], page=page_reference(context.key(incoming))))  # fmt: skip
    rules = [(rule.value, rule.formula) for rule in context.rules.get(node.id, ()) if rule.user == user and rule.formula]
    if rules:
        value, formula = rules[0]
        if node.id == step.gradients[value]:
            sentences.append(tell("Chain rule: with respect to {value}, the gradient becomes {rule}.",
                                  value=labels[value], rule=formula.text))  # fmt: skip
        else:
            sentences.append(tell("Chain rule: with respect to {value}, this use adds {rule} to the gradient.",
                                  value=labels[value], rule=formula.text))  # fmt: skip
    elif any(node.id in other.operands for other in step.nodes[node.id + 1 :]):
        sentences.append(tell("A part of the rule; what follows uses it."))
    largest = largest_index(node)
    told = meaning(context.step, node, largest, labels, tell, of_any=True) if largest is not None else ""
    return [*sentences, *_shared_gradient_note(context, node), *([told] if told else [])]


def _sum_text(context: PageContext, node: Node, value: int, count: int) -> str:
    """A sentence on a sum of `count` gradients, one for each use of a value through which one flows back."""
    step, tell, name = pass_of(context.step, node), context.style.tell, context.labels[value]
    uses = sum(other.operands.count(value) for other in step.nodes if other.phase in (Phase.FORWARD, Phase.LOSS))
    if node.id != step.gradients.get(value):
        return tell("The sum of {count} of the gradients that flow back to {name}; the others are added below.",
                    count=count, name=name)  # fmt: skip
    if count == uses:
        return tell("{name} is used {count} times, so its gradient is the sum of the gradients of all uses.",
                    name=name, count=count)  # fmt: skip
    return tell("{name} is used {uses} times. A gradient flows back through {count} of these uses, and its gradient is the sum.",
                name=name, uses=uses, count=count)  # fmt: skip


def _listed(names: Sequence[str], tell: Language) -> str:
    """The first few names; the rest are counted."""
    more = [tell("and {count} more", count=len(names) - MAX_NAMES)] if len(names) > MAX_NAMES else []
    return ", ".join([*names[:MAX_NAMES], *more])


def _shared_gradient_note(context: PageContext, node: Node) -> list[str]:
    """The note on a gradient that several values share."""
    gradients = pass_of(context.step, node).gradients
    others = [value for value, gradient in gradients.items() if gradient == node.id and value != node.gradient_of]
    if not others:
        return []
    names = _listed([context.labels[value] for value in others], context.style.tell)
    return [context.style.tell("It is also the gradient of {names}: what only hands on or adds passes it as it is.", names=names)]


def _equation(context: PageContext, id: int) -> str:
    return shortened(context.labels.equation(context.step.nodes[id]), TITLE_LENGTH)


def _values(context: PageContext, node: Node) -> str:
    """The inputs and the result, side by side if they fit. Large arrays are shown as statistics and heat maps."""
    inputs = [context.step.nodes[id] for id in dict.fromkeys(node.operands)]
    shown = [*inputs[:MAX_INPUTS], node]
    style = context.style
    grids = [full_lines(each, context.labels.noise, style) for each in shown]
    names = [f"{context.labels[each.id]} {shape_text(each.shape) if each.shape else ''}".strip() for each in shown]
    widths = [max(min(len(name), NAME_LENGTH), *map(len, lines)) for name, lines in zip(names, grids, strict=True)]
    size = (WIDTH - SPACING * (len(shown) - 1)) / CHARACTER_WIDTH / sum(widths)
    is_narrow = size >= MIN_NUMBER_SIZE and len(shown) <= 4
    if not is_narrow and sum(map(len, grids)) > MAX_STACKED_LINES:
        grids = [content_lines(each, context.labels.noise, style.tell) for each in shown]
    size = min(NUMBER_SIZE, size) if is_narrow else NUMBER_SIZE
    side = (
        MAP_SIDE
        if is_narrow
        else min(MAP_SIDE, STACKED_HEAT_MAP_SPACE / len(shown))
        if len(shown) <= MAX_STACKED_HEAT_MAPS
        else 0
    )
    columns = []
    for each, lines, name, width in zip(shown, grids, names, widths, strict=True):
        place = style.tell("result") if each is node else style.tell("page {number}", number=page_reference(context.key(each.id)))
        title = cell(shortened(name, width if is_narrow else TITLE_LENGTH), style, size)
        head = f"{title} + linebreak() + text(size: 8pt, {with_page_links(place)})"
        columns.append(f"block(below: 5pt, {head}) + {context.value_cell(each, lines, size, side)}")
    more = len(inputs) - MAX_INPUTS
    below = f"\n{paragraph(style.tell('and {count} more', count=more))}" if more > 0 else ""
    direction = f"ltr, spacing: {SPACING}pt" if is_narrow else "ttb, spacing: 10pt"
    return f"#block(above: 10pt, below: 8pt, stack(dir: {direction},\n  {', '.join(columns)}))" + below


def _worked(context: PageContext, node: Node) -> list[str]:
    """Worked examples: of the largest element, of the first and of the last; not of one that is 0 if another is not."""
    if not node.size or not node.is_kept:
        return []
    largest = largest_index(node)
    ends = [tuple(int(at) for at in np.unravel_index(flat, node.shape)) if node.shape else () for flat in (0, node.size - 1)]
    if largest is not None:
        ends = [largest, *(index for index in ends if node.value[index])]
    lines = []
    for index in dict.fromkeys(ends):
        nodes, labels = context.step.nodes, context.labels
        worked = worked_element(nodes, node, labels, index, tell=context.style.tell) or moved_element(nodes, node, labels, index)
        if worked:
            lines.append(worked)
    if not lines:
        return []
    title = context.style.tell("With the numbers put in")
    texts = [f"#block(below: 4pt, {flowing(line, 9, context.style.theme.text)})" for line in lines]
    return [f"#block(above: 8pt, below: 4pt, {muted(title, context.style, 9.5)})", *texts]
