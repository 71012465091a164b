"""The page of one operation: formula, numbers, values before and after, and its place in the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.graph.expression import Expression
from tracer.graph.record import Node, Phase, Step
from tracer.views.booklet.heat_map import SIDE, block_of, heat_map
from tracer.views.booklet.minimap import Map
from tracer.views.booklet.page import Heading, cell, page, page_of, paragraph, quiet, rich
from tracer.views.booklet.typst import flowing, image
from tracer.views.booklet.typst_math import to_typst
from tracer.views.diagrams.theme import Style
from tracer.views.grids import CORNERS, content_lines, grid_lines, shortened
from tracer.views.local_rules import CALLED, LocalRule, contributions
from tracer.views.noise import Noise
from tracer.views.notation import Labels, phase_text, shape_text, summary_text
from tracer.views.worked import worked_element

MOST_ROWS, MOST_COLUMNS = 12, 8
"""Rows and columns up to which an array stands on a page in full."""

NUMBERS = 9.5
"""Points of the type of numbers."""

SMALLEST_NUMBERS = 7.5
"""Points below which numbers are not shrunk to stand side by side; then they stand below each other."""

CHARACTER = 0.602
"""Width of a character of the type of numbers, as a share of its size."""

WIDTH, SPACING = 523.0, 18.0
"""Points across a page, and between values that stand side by side."""

MOST_BELOW = 22
"""Lines of values that stand below each other before arrays are cut to their corners."""

WIDEST = 1_000
"""Characters of a formula times the points of its type that fit on a line."""

HEAT_BELOW = 180.0
"""Points that the heat maps of values take together which stand below each other."""

MOST_HEATED = 4
"""Values below each other that still have heat maps; of more, the pictures would be too small to tell anything."""

MOST_INPUTS = 6
MOST_WORKED = 3
"""Elements of a result that are worked out."""

TITLE, NAME = 64, 28
"""Characters of a formula in a heading, and of a name above its values."""


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages of a step have in common: names, map, local rules by the gradient they make, and the look.

    `places` has the number, counted from 1, of every operation that has a page.
    """

    step: Step
    labels: Labels
    map: Map
    rules: Mapping[int, Sequence[LocalRule]]
    places: Mapping[int, int]
    style: Style

    def value_cell(self, node: Node, lines: Sequence[str], size: float, heat: float = SIDE) -> str:
        """The numbers of a node, and the heat map of a large one, so many points long, as typst code."""
        is_gradient = node.id in set(self.step.gradients.values())
        return cell("\n".join(lines), self.style, round(size, 2), is_gradient=is_gradient) + _heat(node, self.style, heat)

    def key(self, id: int) -> str:
        """The key of the page on which the value of a node comes up: its own, or that of the leaves."""
        return f"s{self.step.index}n{id}" if id in self.places else f"s{self.step.index}leaves"


def leaves_key(step: Step) -> str:
    """The key of the page with the leaves of a step."""
    return f"s{step.index}leaves"


def operation_page(pages: Pages, node: Node) -> str:
    """The page of an operation."""
    step, labels, tell = pages.step, pages.labels, pages.style.tell
    number, count = pages.places[node.id], len(pages.places)
    equation = labels.equation_tree(node)
    title = tell("{what}: {which}", what=f"{phase_text(node.phase, tell)} {number}", which=shortened(equation.text, TITLE))
    heading = Heading(title, 3, pages.key(node.id))
    where = tell("Step {step}, operation {number} of {count}", step=step.index, number=number, count=count)
    facts = [where, *([tell("in {scope}", scope=shortened(node.scope))] if node.scope else [])]
    source = f"{node.source}   {shortened(node.source.text, 90)}" if node.source else ""
    body = [
        f"#block(below: 3pt, {quiet(tell(', ').join(facts), pages.style)})",
        f"#block(below: 12pt, {cell(source, pages.style, 9)})" if source else "",
        f"#block(below: 10pt, {_formula(equation, pages.style)})",
        f"#block(below: 8pt, {cell(labels.shapes(node), pages.style, 9.5)})",
        *(f"#block(below: 6pt, {rich(text)})" for text in _told(pages, node)),
        _values(pages, node),
        *_worked(pages, node),
        "#v(1fr)",
        pages.map.typst(node.id, node.operands, pages.style),
        f"#align(center, {quiet(_map_words(pages), pages.style)})",
    ]
    return page(heading, "\n".join(part for part in body if part))


def _formula(equation: Expression, style: Style) -> str:
    """An equation set as mathematics, as large as fits its line; one that cannot be set, as it is written."""
    source = to_typst(equation)
    if source is None:
        return flowing(equation.text, 10, style.theme.text)
    return f"text(size: {max(8.0, min(17.0, WIDEST / len(equation.text))):.1f}pt, $ {source} $)"


def _map_words(pages: Pages) -> str:
    return pages.style.tell("The whole step, from left to right: this operation in a thick ring, what goes into it in thin ones.")


def _told(pages: Pages, node: Node) -> list[str]:
    """What the operation is there for, in sentences with the numbers of other pages."""
    if node.phase is Phase.BACKWARD:
        return _backward_words(pages, node)
    told = []
    tell = pages.style.tell
    gradient = pages.step.gradients.get(node.id)
    if gradient is not None and gradient in pages.places and node.phase in (Phase.FORWARD, Phase.LOSS):
        name = pages.labels[gradient]
        told.append(tell("Its gradient, {name}, is worked out on page {page}.", name=name, page=page_of(pages.key(gradient))))
    elif node.phase in (Phase.FORWARD, Phase.LOSS):
        told.append(tell("No gradient flows back through it."))
    return told


def _backward_words(pages: Pages, node: Node) -> list[str]:
    step, labels, tell = pages.step, pages.labels, pages.style.tell
    if node.rule_of is None:
        parts = contributions(step, node)
        if parts and node.gradient_of is not None:
            return [
                tell("{name} is used {count} times, so its gradient is the sum of the gradients of all uses.",
                     name=labels[node.gradient_of], count=len(parts)),
                tell("Forward twin: {equation}, page {page}.", equation=_equation(pages, node.gradient_of),
                     page=page_of(pages.key(node.gradient_of))),
                *_shared_words(pages, node),
            ]  # fmt: skip
        return [tell("The backward pass begins here: the derivative of the loss with respect to itself is 1.")]
    user = node.rule_of
    arriving = step.gradients.get(user)
    told = [tell("Forward twin: {equation}, page {page}.", equation=_equation(pages, user), page=page_of(pages.key(user)))]
    if arriving is not None:
        told.append(tell("The gradient that arrives there is {g} = {name}, page {page}.", g=CALLED, name=labels[arriving],
                         page=page_of(pages.key(arriving))))  # fmt: skip
    rules = [(rule.value, rule.formula) for rule in pages.rules.get(node.id, ()) if rule.user == user and rule.formula]
    if rules:
        value, formula = rules[0]
        told.append(tell("Chain rule: with respect to {value}, the gradient becomes {rule}.",
                         value=labels[value], rule=formula.text))  # fmt: skip
    else:
        told.append(tell("A part of the rule; what follows uses it."))
    return [*told, *_shared_words(pages, node)]


def _shared_words(pages: Pages, node: Node) -> list[str]:
    """Of which other values a gradient is the gradient as well."""
    others = [value for value, gradient in pages.step.gradients.items() if gradient == node.id and value != node.gradient_of]
    if not others:
        return []
    names = ", ".join(pages.labels[value] for value in others[:4])
    return [pages.style.tell("It is also the gradient of {names}: what only hands on or adds passes it as it is.", names=names)]


def _equation(pages: Pages, id: int) -> str:
    return shortened(pages.labels.equation(pages.step.nodes[id]), TITLE)


def _values(pages: Pages, node: Node) -> str:
    """What goes in and what comes out, side by side where that is not too wide, large arrays as statistics and colours."""
    inputs = [pages.step.nodes[id] for id in dict.fromkeys(node.operands)]
    shown = [*inputs[:MOST_INPUTS], node]
    style = pages.style
    grids = [full_lines(each, pages.labels.noise, style) for each in shown]
    names = [f"{pages.labels[each.id]} {shape_text(each.shape) if each.shape else ''}".strip() for each in shown]
    widths = [max(min(len(name), NAME), *map(len, lines)) for name, lines in zip(names, grids, strict=True)]
    size = (WIDTH - SPACING * (len(shown) - 1)) / CHARACTER / sum(widths)
    is_narrow = size >= SMALLEST_NUMBERS and len(shown) <= 4
    if not is_narrow and sum(map(len, grids)) > MOST_BELOW:
        grids = [content_lines(each, pages.labels.noise, style.tell) for each in shown]
    size = min(NUMBERS, size) if is_narrow else NUMBERS
    heat = SIDE if is_narrow else min(SIDE, HEAT_BELOW / len(shown)) if len(shown) <= MOST_HEATED else 0
    columns = []
    for each, lines, name, width in zip(shown, grids, names, widths, strict=True):
        place = style.tell("result") if each is node else style.tell("page {number}", number=page_of(pages.key(each.id)))
        title = cell(shortened(name, width if is_narrow else TITLE), style, size)
        head = f"{title} + linebreak() + text(size: 8pt, {rich(place)})"
        columns.append(f"block(below: 5pt, {head}) + {pages.value_cell(each, lines, size, heat)}")
    more = len(inputs) - MOST_INPUTS
    below = f"\n{paragraph(style.tell('and {count} more', count=more))}" if more > 0 else ""
    direction = f"ltr, spacing: {SPACING}pt" if is_narrow else "ttb, spacing: 10pt"
    return f"#block(above: 14pt, below: 14pt, stack(dir: {direction},\n  {', '.join(columns)}))" + below


def full_lines(node: Node, noise: Noise, style: Style) -> list[str]:
    """The numbers of a node: all of a small one, else its statistics."""
    rows, columns = (node.shape[0], node.size // max(1, node.shape[0])) if len(node.shape) == 2 else (1, node.size)
    is_small = len(node.shape) <= 2 and rows <= MOST_ROWS and columns <= (MOST_COLUMNS if rows > 1 else MOST_ROWS)
    if node.is_kept and node.size and is_small:
        return grid_lines(node.value, tell=style.tell, in_full=True, noise=noise.of(node))
    if node.size <= CORNERS:
        return content_lines(node, noise, style.tell)
    return summary_text(node.summary, node.shape, node.dtype).split(" ", 2)[2].split(" ")


def _heat(node: Node, style: Style, side: float) -> str:
    """The heat map of a large array, and what a cell of it is, as typst code behind other code."""
    if not side or node.size <= CORNERS or not node.is_kept or node.value.dtype.kind not in "fiub":
        return ""
    drawing = heat_map(node.value, style)
    down, across = block_of(node.shape)
    told = f" + linebreak() + {quiet(style.tell('a cell: the mean of {count} numbers', count=down * across), style, 7)}"
    scale = min(1.0, side / max(drawing.width, drawing.height))
    picture = f" + linebreak() + {image(drawing.svg, drawing.width * scale, drawing.height * scale)}"
    return picture + (told if down * across > 1 else "")


def _worked(pages: Pages, node: Node) -> list[str]:
    """A few elements worked out: the first, one in the middle, and the last."""
    if not node.size or not node.is_kept:
        return []
    flat = dict.fromkeys([0, node.size // 2, node.size - 1][:MOST_WORKED])
    lines = []
    for position in flat:
        index = tuple(int(at) for at in np.unravel_index(position, node.shape)) if node.shape else ()
        worked = worked_element(pages.step.nodes, node, pages.labels, index)
        if worked:
            lines.append(worked)
    if not lines:
        return []
    told = pages.style.tell("With the numbers put in")
    texts = [f"#block(below: 4pt, {flowing(line, 9, pages.style.theme.text)})" for line in lines]
    return [f"#block(above: 12pt, below: 4pt, {quiet(told, pages.style, 9.5)})", *texts]
