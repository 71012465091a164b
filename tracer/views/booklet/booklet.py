"""The booklet of a run as a typst document: cover, guide, modules, and every step in pictures and page by page."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tracer.graph.record import Phase, Step, Trace
from tracer.views.booklet.cover import cover
from tracer.views.booklet.guide import guide
from tracer.views.booklet.line_chart import curve
from tracer.views.booklet.minimap import map_of
from tracer.views.booklet.operation_page import Pages, full_lines, leaves_key, operation_page
from tracer.views.booklet.page import Heading, cell, document, legend, page, paragraph, shown, table
from tracer.views.booklet.pagination import Cut, Picture, fitted, picture_of
from tracer.views.booklet.typst import image, literal, mono
from tracer.views.diagrams.combined import combined, forward_nodes
from tracer.views.diagrams.folding import folded
from tracer.views.diagrams.modules import modules
from tracer.views.diagrams.theme import Style
from tracer.views.grids import content_lines, shortened
from tracer.views.local_rules import LocalRule, local_rules
from tracer.views.noise import Noise
from tracer.views.notation import Labels, kind_text, number_text, shape_text
from tracer.views.parameter_history import ParameterHistory
from tracer.views.svg import Layout

EXTENTS = ("overview", "all")
"""How much a booklet holds: pictures of the steps, or also a page for every operation."""

MOST_BOXES = 120
"""Boxes of the pictures of a step; of more operations, scopes are folded into a box each."""

MOST_PAGES = 600
"""Nodes of a step up to which every operation has a page unless asked for."""

MOST_ROWS = 60
"""Rows of a table of parameters or leaves, and curves, before the rest is counted."""

NAME = 28
"""Characters of a name in a table."""


def booklet(
    trace: Trace,
    layout: Layout,
    style: Style,
    *,
    extent: str = "all",
    page_by_page: Sequence[int] | None = None,
    movements: Sequence[ParameterHistory] = (),
    notice: str = "",
) -> str:
    """The document of a trace whose `steps` are those to be shown, while `metrics` has a row for every step.

    Of the steps in `page_by_page` (by default all that are shown) every operation has a page, unless the `extent` is an
    overview. `notice` stands on the cover in red: where the run stopped being finite, which may be in a step that is not shown.
    """
    return document(trace.scenario, _pages(trace, layout, style, extent, page_by_page, movements, notice), style)


def _pages(
    trace: Trace,
    layout: Layout,
    style: Style,
    extent: str,
    page_by_page: Sequence[int] | None,
    movements: Sequence[ParameterHistory],
    notice: str,
) -> Iterator[str]:
    yield cover(trace, style, notice)
    if extent == "all":
        yield guide(style)
    if trace.steps:
        yield _module_page(trace.steps[0], layout, style)
    cut: Cut = ()
    for step in trace.steps:
        labels = Labels(step.nodes)
        rules = local_rules(step, labels)
        draw = functools.partial(combined, step, labels=labels, rules=rules, style=style)
        pictures, cut = fitted(step, folded(step, forward_nodes(step), MOST_BOXES), draw, layout, style, cut)
        is_asked = extent == "all" and (page_by_page is None or step.index in page_by_page)
        has_pages = is_asked and (page_by_page is None or len(step.nodes) <= MOST_PAGES)
        left = style.tell.count(len(step.nodes), "operation") if is_asked and not has_pages else ""
        yield from _combined_pages(step, pictures, style, left)
        if has_pages:
            yield from _operation_pages(trace, step, labels, rules, layout, style)
        if step.updates:
            yield _update_page(trace, step, style)
    yield from _curve_pages(trace, movements, style)


def _module_page(step: Step, layout: Layout, style: Style) -> str:
    tell = style.tell
    picture = picture_of(modules(step, Labels(step.nodes), style), layout, style)
    told = tell("Layers, loss and optimizers with the shapes between them. Gradients run back along the same ways.")
    return _picture_page(Heading(tell("The model"), 1), told, picture, style)


def _picture_page(heading: Heading, told: str, picture: Picture, style: Style) -> str:
    """A page with a picture, what is said above it, what it hides, and its legend."""
    tell, hidden = style.tell, picture.diagram.hidden
    if hidden:
        folds = tell("{operations} are folded into boxes that say so.", operations=tell.count(hidden, "operation"))
        told = tell("{sentence} {next}", sentence=told, next=folds)
    scale, size = picture.shown()
    body = f"{paragraph(told)}\n{shown(picture.drawing, scale)}\n#v(1fr)\n{legend(picture.diagram, style)}"
    return page(heading, body, is_wide=picture.is_wide, size=size)


def _combined_pages(step: Step, pictures: Sequence[Picture], style: Style, left: str) -> Iterator[str]:
    """The picture of a step, on as many pages as it takes; `left` are the operations that have no pages, and it is said."""
    tell = style.tell
    told = tell(
        "Each box is one value with its gradient. Dark arrows carry values forward, coloured ones gradients back, by the"
        " local rule beside them, where g is the gradient that arrives."
    )
    if left:
        said = tell("A page for each of {operations} is left out: --pages all makes them.", operations=left)
        told = tell("{sentence} {next}", sentence=told, next=said)
    for number, picture in enumerate(pictures, start=1):
        title = tell("Step {step}: forward and backward", step=step.index)
        words = told
        if len(pictures) > 1:
            part = tell("Part {number} of {count}.", number=number, count=len(pictures))
            words = tell("{sentence} {next}", sentence=part, next=told)
        heading = Heading(title, 1, is_outlined=number == 1)
        yield _picture_page(heading, words, picture, style)


def _operation_pages(
    trace: Trace, step: Step, labels: Labels, rules: Sequence[LocalRule], layout: Layout, style: Style
) -> Iterator[str]:
    by_part: dict[int, list[LocalRule]] = defaultdict(list)
    for rule in rules:
        by_part[rule.part].append(rule)
    paged = [node for node in step.nodes if not node.is_leaf or node.phase is Phase.BACKWARD]
    places = {node.id: place for place, node in enumerate(paged, start=1)}
    pages = Pages(step, labels, map_of(step, layout, style), by_part, places, style)
    yield pages.map.definition()
    yield from _leaf_pages(trace, pages)
    for node in paged:
        yield operation_page(pages, node)


def _leaf_pages(trace: Trace, pages: Pages) -> Iterator[str]:
    """What the step starts from: data, parameters, settings and the state of the optimizer, with their numbers."""
    step, style = pages.step, pages.style
    tell = style.tell
    every = [node for node in step.nodes if node.id not in pages.places]
    leaves = every[:MOST_ROWS]
    heads = (tell("Name"), tell("What it is"), tell("Value"))
    cells = [f"table.header({', '.join(f'[#{literal(head)}]' for head in heads)})"]
    for node in leaves:
        name = shortened(pages.labels[node.id], 40)
        shape = f"\n{shape_text(node.shape)}" if node.shape else ""
        cells += [cell(name + shape, style, 8), f"text(size: 8.5pt, {literal(kind_text(node, tell))})"]
        cells.append(pages.value_cell(node, full_lines(node, pages.labels.noise, style), 8))
    told = tell("Data, parameters and settings, before anything is computed.")
    before = step.index - 1
    if before >= 0 and not any(other.index == before for other in trace.steps):
        said = tell("Parameters and optimizer state are as step {number} left them, which is not shown here.", number=before)
        told = tell("{sentence} {next}", sentence=told, next=said)
    elif before >= 0:
        said = tell("Parameters and optimizer state are as step {number} left them.", number=before)
        told = tell("{sentence} {next}", sentence=told, next=said)
    heading = Heading(tell("Step {step}: what it starts from", step=step.index), 2, leaves_key(step))
    yield page(heading, f"{paragraph(told)}\n{table(cells, '(auto, auto, 1fr)', 'left', style)}{_more(len(every), style)}")


def _more(count: int, style: Style) -> str:
    """What is said below a table of which so many rows would be more than it has."""
    return f"\n{paragraph(style.tell('and {count} more', count=count - MOST_ROWS))}" if count > MOST_ROWS else ""


def _update_page(trace: Trace, step: Step, style: Style) -> str:
    """The table of old values, gradients and new values."""
    tell = style.tell
    heads = (tell("Parameter"), tell("Old value"), tell("Gradient"), tell("New value"))
    cells = [f"table.header({', '.join(f'[#{literal(head)}]' for head in heads)})"]
    updated = [node for node in step.parameters if node.id in step.updates]
    noise = Noise(step.nodes)
    for node in updated[:MOST_ROWS]:
        gradient, new = step.nodes[step.gradients[node.id]], step.nodes[step.updates[node.id]]
        name = shortened(node.name, NAME)
        cells.append(cell(f"{name}\n{shape_text(node.shape)}" if node.shape else name, style, 8))
        grids = [(content_lines(each, noise, tell), each is gradient) for each in (node, gradient, new)]
        cells += [cell("\n".join(lines), style, 8, is_gradient=is_gradient) for lines, is_gradient in grids]
    optimizer = trace.hyperparameters.get("optimizer", "")
    told = tell("{optimizer} moves every parameter against its gradient; the new values are those of the next step.",
                optimizer=optimizer or tell("The optimizer"))  # fmt: skip
    heading = Heading(tell("Step {step}: old values, gradients, new values", step=step.index), 2)
    return page(heading, f"{paragraph(told)}\n{table(cells, 4, 'left', style)}{_more(len(updated), style)}", is_wide=True)


def _curve_pages(trace: Trace, movements: Sequence[ParameterHistory], style: Style) -> Iterator[str]:
    """The loss over the steps, and how each parameter moved."""
    tell = style.tell
    losses = [float(row["loss"]) for row in trace.metrics]
    blocks = []
    if sum(map(math.isfinite, losses)) > 1:
        drawing = curve([("", losses)], range(len(losses)), style)
        change = tell("Loss at step 0: {first}, at step {last}: {end}", first=number_text(losses[0]), last=len(losses) - 1,
                      end=number_text(losses[-1]))  # fmt: skip
        blocks.append(f"#block(breakable: false, [{paragraph(change, 4)}\n#{image(drawing.svg, drawing.width, drawing.height)}])")
    curves = []
    moved = [movement for movement in movements if len(movement.positions) > 1]
    for movement in moved[:MOST_ROWS]:
        drawing = curve(movement.lines, movement.positions, style)
        title = f"{shortened(movement.name, NAME)} {shape_text(movement.shape) if movement.shape else ''}".strip()
        scale = 0.75
        curves.append(f"[#block(breakable: false, [#block(below: 3pt, {mono(title, 8.5, style.theme.text)})\n"
                      f"#{image(drawing.svg, drawing.width * scale, drawing.height * scale)}])]")  # fmt: skip
    if curves:
        told = tell("How each parameter moved: its elements, or the smallest, the mean and the largest of many.")
        blocks.append(f"#block(above: 14pt, {literal(told)})")
        blocks.append(f"#grid(columns: (1fr, 1fr), column-gutter: 10pt, row-gutter: 12pt,\n{', '.join(curves)})")
        blocks.append(_more(len(moved), style))
    if blocks:
        yield page(Heading(tell("The whole run"), 1), "\n".join(blocks))
