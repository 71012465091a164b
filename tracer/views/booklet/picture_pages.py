"""The pages with pictures of a step: its modules, and its values with their gradients; or coarser pictures, and why."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from tracer.graph.record import Step
from tracer.views.booklet.page import Heading, centered, legend, page, paragraph
from tracer.views.booklet.pagination import PartsPerPage, Picture, paginated, picture_of
from tracer.views.diagrams.combined import combined, forward_nodes
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.fallback import Replacement, Report, drawn
from tracer.views.diagrams.folding import folded
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec
from tracer.views.local_rules import LocalRule
from tracer.views.notation import Labels
from tracer.views.svg import Layout, PictureError

MAX_BOXES = 120
"""Maximum number of boxes in the diagrams of a step; beyond it, operations are folded."""


def model_page(step: Step, layout: Layout, style: Style, report: Report) -> str:
    """The page of the modules of a step."""
    tell = style.tell
    caption = tell("Layers, loss and optimizers with the shapes between them. A gradient is drawn where one flows back.")
    picture, replaced = _module_picture(step, layout, style)
    if replaced is not None:
        report(replaced)
        caption = replaced.text(tell)
    return _picture_page(Heading(tell("The model"), 1), caption, picture, style)


def step_pages(
    step: Step,
    labels: Labels,
    rules: Sequence[LocalRule],
    layout: Layout,
    style: Style,
    previous: PartsPerPage,
    omitted: str,
    report: Report,
) -> tuple[list[str], PartsPerPage]:
    """The pages of the values of a step with their gradients, and the number of parts on each.

    `omitted` is the count of operations without pages, for the caption; empty if all have one.
    """
    draw = functools.partial(combined, step, labels=labels, rules=rules, style=style)
    parts = folded(step, forward_nodes(step, labels), MAX_BOXES)
    try:
        pictures, parts_per_page = paginated(step, parts, draw, layout, style, previous)
    except PictureError as error:
        picture, module = _module_picture(step, layout, style)
        zoom = "" if picture is None else module.instead if module is not None else "module"
        replaced = Replacement(step.index, "tensor", error.reason, zoom)
        report(replaced)
        heading = Heading(style.tell("Step {step}: forward and backward", step=step.index), 1)
        return [_picture_page(heading, replaced.text(style.tell), picture, style)], previous
    return list(_combined_pages(step, pictures, style, omitted)), parts_per_page


def _module_picture(step: Step, layout: Layout, style: Style) -> tuple[Picture | None, Replacement | None]:
    """The modules of a step; or a coarser picture, or none, and why."""

    def draw(diagram: Diagram, directed: Style) -> Picture:
        return picture_of(diagram, layout, directed)

    replaced: list[Replacement] = []
    found = list(drawn(step, ViewSpec("module"), style, draw, replaced.append))
    return (found[0].result if found else None), (replaced[0] if replaced else None)


def _picture_page(heading: Heading, caption: str, picture: Picture | None, style: Style) -> str:
    """A page with a caption, a diagram and its legend. The caption mentions folded operations."""
    if picture is None:
        return page(heading, paragraph(caption))
    tell, hidden = style.tell, picture.diagram.hidden
    if hidden:
        folds = tell("{operations} are folded into boxes that say so.", operations=tell.count(hidden, "operation"))
        caption = tell("{sentence} {next}", sentence=caption, next=folds)
    scale, size = picture.placement()
    body = f"{paragraph(caption)}\n{centered(picture.drawing, scale)}\n#v(1fr)\n{legend(picture.diagram, style)}"
    return page(heading, body, is_landscape=picture.is_landscape, size=size)


def _combined_pages(step: Step, pictures: Sequence[Picture], style: Style, omitted: str) -> Iterator[str]:
    tell = style.tell
    caption = tell(
        "Each box is one value, with its gradient if it has one. Arrows carry values forward and, in the manner of the legend,"
        " gradients back, by the local rule beside them, where g is the gradient that arrives; without a rule, as they are."
    )
    if omitted:
        note = tell("A page for each of {operations} is left out: --pages all makes them.", operations=omitted)
        caption = tell("{sentence} {next}", sentence=caption, next=note)
    for number, picture in enumerate(pictures, start=1):
        title = tell("Step {step}: forward and backward", step=step.index)
        text = caption
        if len(pictures) > 1:
            part = tell("Part {number} of {count}.", number=number, count=len(pictures))
            text = tell("{sentence} {next}", sentence=part, next=caption)
        heading = Heading(title, 1, is_outlined=number == 1)
        yield _picture_page(heading, text, picture, style)
