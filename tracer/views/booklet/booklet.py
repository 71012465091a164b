"""The booklet of a run as a typst document: cover, guide, model, diagrams and operation pages of every step."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tracer.graph.losses import loss_curves, passes
from tracer.graph.record import Phase, Step, Trace
from tracer.i18n.message import Message
from tracer.views.booklet.cover import change_text, cover
from tracer.views.booklet.guide import guide
from tracer.views.booklet.line_chart import line_chart
from tracer.views.booklet.minimap import Minimap, minimap_of
from tracer.views.booklet.operation_page import PageContext, leaves_key, minimap_caption, operation_block
from tracer.views.booklet.page import Heading, cell, document, page, paragraph, table
from tracer.views.booklet.pagination import PartsPerPage
from tracer.views.booklet.picture_pages import model_page, step_pages
from tracer.views.booklet.typst import image, literal, mono
from tracer.views.booklet.update_page import same_updates, starts_text, update_page
from tracer.views.booklet.values import full_lines
from tracer.views.diagrams.fallback import Replacement, Report
from tracer.views.diagrams.theme import Style
from tracer.views.grids import shortened
from tracer.views.local_rules import LocalRule, local_rules
from tracer.views.notation import Labels, kind_text, shape_text
from tracer.views.parameter_history import ParameterHistory
from tracer.views.svg import Layout, PictureError

MAX_PAGED_NODES = 600
"""Maximum number of nodes of a step whose operations have pages by default."""

MAX_TABLE_ROWS = 60
"""Maximum number of rows in a table, or of charts; the rest are counted."""

NAME_LENGTH = 28
"""Maximum length of a name in a table."""


def _ignore(replacement: Replacement) -> None:
    """The page of the picture says why it was not drawn as requested."""


def booklet(
    trace: Trace,
    layout: Layout,
    style: Style,
    *,
    extent: str = "all",
    page_by_page: Sequence[int] | None = None,
    histories: Sequence[ParameterHistory] = (),
    notice: str = "",
    report: Report = _ignore,
) -> str:
    """The document of a trace. Its `steps` are those to show; its `metrics` have a row for every step of the run.

    Steps in `page_by_page`, by default all, have a page for every operation, unless `extent` is "overview". `notice` is printed
    on the cover in red: the first non-finite node, which may be in a step that is not shown. `report` is called for every picture
    that is replaced with a coarser one.
    """
    return document(trace.scenario, _pages(trace, layout, style, extent, page_by_page, histories, notice, report), style)


def _pages(
    trace: Trace,
    layout: Layout,
    style: Style,
    extent: str,
    page_by_page: Sequence[int] | None,
    histories: Sequence[ParameterHistory],
    notice: str,
    report: Report,
) -> Iterator[str]:
    yield cover(trace, style, notice)
    if extent == "all":
        yield guide(trace, style)
    if trace.steps:
        yield model_page(trace.steps[0], layout, style, report)
    parts_per_page: PartsPerPage = ()
    for step in trace.steps:
        labels = Labels(step.nodes)
        rules = local_rules(step, labels)
        is_selected = extent == "all" and (page_by_page is None or step.index in page_by_page)
        has_pages = is_selected and (page_by_page is None or len(step.nodes) <= MAX_PAGED_NODES)
        omitted = style.tell.count(len(step.nodes), "operation") if is_selected and not has_pages else ""
        pages, parts_per_page = step_pages(step, labels, rules, layout, style, parts_per_page, omitted, report)
        yield from pages
        if has_pages:
            yield from _operation_pages(trace, step, labels, rules, layout, style)
        if step.updates:
            yield update_page(trace, step, style)
    yield from _chart_page(trace, histories, style)


def _operation_pages(
    trace: Trace, step: Step, labels: Labels, rules: Sequence[LocalRule], layout: Layout, style: Style
) -> Iterator[str]:
    rules_of: dict[int, list[LocalRule]] = defaultdict(list)
    for rule in rules:
        rules_of[rule.contribution].append(rule)
    drawn = [step.nodes[id] for id in labels.rows(range(len(step.nodes)))]
    paged = [node for node in drawn if not node.is_leaf or node.phase is Phase.BACKWARD]
    repeated = repeated_updates(step)
    left_out = {node.id for node in paged if node.scope in repeated and node.phase is Phase.UPDATE}
    paged = [node for node in paged if node.id not in left_out]
    try:
        minimap: Minimap | Message = minimap_of(step, layout, style)
    except PictureError as error:
        minimap = error.reason
    gradients = {id for one in passes(step) for id in one.gradients.values()}
    context = PageContext(step, labels, minimap, rules_of, {node.id for node in paged}, style, gradients)
    if isinstance(minimap, Minimap):
        yield minimap.definition()
    yield from _leaf_page(trace, context)
    blocks = [operation_block(context, node) for node in paged]
    if left_out:
        blocks.append(same_updates(step, labels, repeated, len(left_out), style))
    yield page(None, "\n".join(blocks))


def repeated_updates(step: Step) -> dict[str, str]:
    """The scopes of updates that consist of the same operations as one before, each with that one."""
    scopes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for node in step.nodes:
        if node.phase is Phase.UPDATE and "/" in node.scope:
            scopes[node.scope].append((node.op, node.formula))
    seen: dict[tuple[object, ...], str] = {}
    forms = {scope: (scope.partition("/")[0], *found) for scope, found in scopes.items()}
    return {scope: first for scope, form in forms.items() if (first := seen.setdefault(form, scope)) != scope}


def _leaf_page(trace: Trace, context: PageContext) -> Iterator[str]:
    """The page of the leaves of a step: data, parameters, hyperparameters and optimizer state, with their values."""
    step, style = context.step, context.style
    tell = style.tell
    leaves = [node for node in step.nodes if node.id not in context.paged and node.is_leaf]
    heads = (tell("Name"), tell("What it is"), tell("Value"))
    cells = [f"table.header({', '.join(f'[#{literal(head)}]' for head in heads)})"]
    for node in leaves[:MAX_TABLE_ROWS]:
        name = shortened(context.labels[node.id], 40)
        shape = f"\n{shape_text(node.shape)}" if node.shape else ""
        cells += [cell(name + shape, style, 8), f"text(size: 8.5pt, {literal(kind_text(node, tell))})"]
        cells.append(context.value_cell(node, full_lines(node, context.labels.noise, style), 8))
    caption = tell("Data, parameters and settings, before anything is computed.")
    note = starts_text(trace, step, tell)
    if note:
        caption = tell("{sentence} {next}", sentence=caption, next=note)
    heading = Heading(tell("Step {step}: what it starts from", step=step.index), 2, leaves_key(step))
    values = f"{table(cells, '(auto, auto, 1fr)', 'left', style)}{_more(len(leaves), style)}"
    yield page(heading, f"{paragraph(caption)}\n{paragraph(minimap_caption(context))}\n{values}")


def _more(count: int, style: Style) -> str:
    """The note below a table with `count` rows, of which some are left out; empty if none are."""
    return f"\n{paragraph(style.tell('and {count} more', count=count - MAX_TABLE_ROWS))}" if count > MAX_TABLE_ROWS else ""


def _chart_page(trace: Trace, histories: Sequence[ParameterHistory], style: Style) -> Iterator[str]:
    """The page with charts of the loss and of each parameter."""
    tell = style.tell
    blocks = []
    for name, losses in loss_curves(trace):
        if sum(map(math.isfinite, losses)) < 2:
            continue
        drawing = line_chart([("", losses)], range(len(losses)), style)
        change = change_text(name, losses, tell)
        blocks.append(f"#block(breakable: false, [{paragraph(change, 4)}\n#{image(drawing.svg, drawing.width, drawing.height)}])")
    charts = []
    moved = [history for history in histories if len(history.positions) > 1]
    for history in moved[:MAX_TABLE_ROWS]:
        drawing = line_chart(history.lines, history.positions, style)
        title = f"{shortened(history.name, NAME_LENGTH)} {shape_text(history.shape) if history.shape else ''}".strip()
        scale = 0.75
        charts.append(f"[#block(breakable: false, [#block(below: 3pt, {mono(title, 8.5, style.theme.text)})\n"
                      f"#{image(drawing.svg, drawing.width * scale, drawing.height * scale)}])]")  # fmt: skip
    if charts:
        caption = tell("Each parameter over the steps: its elements, or the smallest, the mean and the largest of many.")
        blocks.append(f"#block(above: 14pt, {literal(caption)})")
        blocks.append(f"#grid(columns: (1fr, 1fr), column-gutter: 10pt, row-gutter: 12pt,\n{', '.join(charts)})")
        blocks.append(_more(len(moved), style))
    if blocks:
        yield page(Heading(tell("The whole run"), 1), "\n".join(blocks))
