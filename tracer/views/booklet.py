"""The booklet of a run as a typst document: a cover, and for the first and the last step its graphs and its update."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tracer.graph import Node, Phase, Step, Trace
from tracer.typesetting import image, literal, mono
from tracer.views.boxes import content_lines, shortened
from tracer.views.curve import curve
from tracer.views.diagram import MOST_NODES, Diagram, diagram, phase_nodes
from tracer.views.drawing import Drawing, Layout
from tracer.views.folding import Part, folded, ids_of
from tracer.views.notation import Labels, number_text, shape_text
from tracer.views.palette import GRADIENT_TEXT, Kind

PAGE = (595.28, 841.89)
"""A4 in points, upright."""

MARGIN = 36.0
HEADING, LEGEND = 62.0, 34.0
"""Heights in points that a page keeps for what stands above and below its diagram."""

SMALLEST_SCALE = 0.7
"""How far a diagram may be shrunk: its smallest type of 9 points stays above 6."""

LARGEST_SCALE = 1.35
"""How far a small diagram is enlarged."""


COVER_NAME = 28
"""Characters of a name in a table."""

MOST_ON_A_PAGE = 40
"""Nodes beyond which no page is readable, so that larger parts need not be tried."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A diagram laid out, and the scale and orientation at which it fills its page best."""

    diagram: Diagram
    drawing: Drawing
    scale: float
    is_wide: bool


def booklet(trace: Trace, layout: Layout, notice: str = "") -> str:
    """The document of a trace whose `steps` are those to be shown, while `metrics` has a row for every step.

    `notice` stands on the cover in red: where the run stopped being finite, which may be in a step that is not shown.
    """
    pages = [_cover(trace, notice)]
    for step in trace.steps:
        pages.extend(_step_pages(trace, step, layout))
    title = literal(f"{trace.scenario}: a training run step by step")
    return "\n".join(
        [
            f"#set document(title: {title}, date: none)",
            f'#set page(paper: "a4", margin: {MARGIN}pt, footer: context align(right, text(size: 8pt, fill: luma(110),'
            f' {literal(trace.scenario)} + ", page " + counter(page).display("1 / 1", both: true))))',
            '#set text(font: ("Noto Sans SC", "DejaVu Sans Mono"), size: 9.5pt, lang: "en")',
            "#show heading: it => block(below: 6pt, text(size: 15pt, weight: 400, it.body))",
            *pages,
        ]
    ) + "\n"


# Fitting diagrams to pages.


def fitted(step: Step, ids: Sequence[int], labels: Labels, layout: Layout) -> list[Picture]:
    """The diagrams of these nodes, on as few pages as keep them readable; nodes stay in their order."""
    return _Fitting(step, labels, layout).pictures(folded(step, ids, MOST_NODES))


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Cuts the boxes of a phase into pages by laying them out."""

    step: Step
    labels: Labels
    layout: Layout

    def pictures(self, parts: Sequence[Part]) -> list[Picture]:
        full = self._pages(parts, self._most_readable)
        # As many pages, filled evenly, look better where they hold it too.
        size = math.ceil(len(parts) / len(full))
        even = self._pages(parts, lambda rest: min(size, len(rest))) if len(full) > 1 else full
        return even if len(even) <= len(full) and all(picture.scale >= SMALLEST_SCALE for picture in even) else full

    def _pages(self, parts: Sequence[Part], take: Callable[[Sequence[Part]], int]) -> list[Picture]:
        pictures = []
        start = 0
        while start < len(parts):
            page = parts[start : start + take(parts[start:])]
            end = start + len(page)
            if len(page) > 1 and end < len(parts) and self._belongs_to_the_next(page, parts[end]):
                page = page[:-1]
            pictures.append(self._picture(page))
            start += len(page)
        return pictures

    def _most_readable(self, parts: Sequence[Part]) -> int:
        """How many of the boxes, from the first on, are readable on one page; at least one."""
        low, high = 1, min(len(parts), MOST_ON_A_PAGE)
        while low < high:
            middle = (low + high + 1) // 2
            if self._picture(parts[:middle]).scale >= SMALLEST_SCALE:
                low = middle
            else:
                high = middle - 1
        return low

    def _belongs_to_the_next(self, page: Sequence[Part], following: Part) -> bool:
        """Whether the last box of a page is there for the first of the next, and for nothing on its own page."""
        others = {id for part in page[:-1] for id in ids_of(part)}
        last = set(ids_of(page[-1]))
        used = {operand for id in ids_of(following) for operand in self.step.nodes[id].operands}
        return bool(last & used) and not any(others & set(self.step.nodes[id].operands) for id in last)

    def _picture(self, parts: Sequence[Part]) -> Picture:
        drawn = diagram(self.step, parts, self.labels)
        drawing = self.layout(drawn.dot)
        upright, wide = _scale(drawing, *PAGE), _scale(drawing, PAGE[1], PAGE[0])
        is_wide = drawing.width > drawing.height if wide == upright else wide > upright
        return Picture(drawn, drawing, max(upright, wide), is_wide)


def _scale(drawing: Drawing, width: float, height: float, taken: float = 0.0) -> float:
    """The scale at which a drawing fills a page of which some height is taken already."""
    across, down = width - 2 * MARGIN, height - 2 * MARGIN - HEADING - LEGEND - taken
    return min(LARGEST_SCALE, across / drawing.width, down / drawing.height)


def diagrams_of(step: Step, labels: Labels, layout: Layout) -> Iterator[tuple[str, list[Picture]]]:
    """The diagrams of a step by the name of what they show, in the order of the booklet."""
    for phase in (Phase.FORWARD, Phase.LOSS, Phase.BACKWARD):
        ids = phase_nodes(step, phase)
        if ids:
            yield phase.value, fitted(step, ids, labels, layout)
    for parameter in step.parameters[:1]:
        ids = update_nodes(step, parameter)
        if ids:
            yield "update", fitted(step, ids, labels, layout)


def update_nodes(step: Step, parameter: Node) -> tuple[int, ...]:
    """The update operations that the new value of a parameter depends on, in their order."""
    wanted = {step.updates[parameter.id]} if parameter.id in step.updates else set()
    for node in reversed(step.nodes):
        if node.id in wanted and node.phase is Phase.UPDATE:
            wanted.update(node.operands)
    return tuple(id for id in sorted(wanted) if step.nodes[id].phase is Phase.UPDATE)


# Pages.

_EXPLANATIONS = {
    "forward": "Each box is one operation with its value and, beside it, the gradient of the loss with respect to it.",
    "loss": "How the loss is computed from the prediction. The gradients beside the values come from the backward pass.",
    "backward": "Each box is one operation of the backward pass: the chain rule, from the loss back to the parameters.",
}


def _step_pages(trace: Trace, step: Step, layout: Layout) -> Iterator[str]:
    labels = Labels(step.nodes)
    for what, pictures in diagrams_of(step, labels, layout):
        title = f"Step {step.index}: {what}"
        if what == "update":
            yield from _update_pages(trace, step, title, pictures)
            continue
        explanation = _EXPLANATIONS[what]
        if what == "loss":
            loss = step.nodes[step.loss_id]
            explanation = f"{labels.equation(loss)} = {number_text(loss.value)}. {explanation}"
        yield from _picture_pages(title, explanation, pictures, has_gradients=what != "backward")


def _picture_pages(title: str, explanation: str, pictures: Sequence[Picture], *, has_gradients: bool) -> Iterator[str]:
    for number, picture in enumerate(pictures, start=1):
        part = f"Part {number} of {len(pictures)}. " if len(pictures) > 1 else ""
        folded_away = picture.diagram.hidden
        said = f" {folded_away} operations are folded into boxes that say so." if folded_away else ""
        body = _shown(picture, picture.scale) + f"\n#v(1fr)\n{_legend(picture.diagram.kinds, has_gradients)}"
        yield _page(title, part + explanation + said, body, picture.is_wide, is_outlined=number == 1)


def _update_pages(trace: Trace, step: Step, title: str, pictures: Sequence[Picture]) -> Iterator[str]:
    """The table of all parameters, and how the first of them gets its new value: on one page where that is readable."""
    table, height = _update_table(step)
    optimizer = trace.hyperparameters.get("optimizer", "The optimizer")
    explanation = f"{optimizer} moves every parameter against its gradient; the new values are those of the next step."
    how = _update_explanation(step.parameters)
    scale = _scale(pictures[0].drawing, PAGE[1], PAGE[0], height + 30)
    if len(pictures) == 1 and scale >= SMALLEST_SCALE:
        below = f"#block(above: 14pt, below: 8pt, {literal(how)})\n{_shown(pictures[0], scale)}"
        legend = _legend(pictures[0].diagram.kinds, has_gradients=False)
        yield _page(title, explanation, f"{table}\n{below}\n#v(1fr)\n{legend}", is_wide=True)
    else:
        yield _page(title, explanation, table, is_wide=True)
        of_first = f"{title} of {shortened(step.parameters[0].name, COVER_NAME)}"
        yield from _picture_pages(of_first, how, pictures, has_gradients=False)


def _update_explanation(parameters: Sequence[Node]) -> str:
    first, *others = (shortened(parameter.name, COVER_NAME) for parameter in parameters)
    names = ", ".join(others[:12]) + (f" and {len(others) - 12} more" if len(others) > 12 else "")
    return f"How {first} gets its new value." + (f" The same operations update {names}." if others else "")


def _shown(picture: Picture, scale: float) -> str:
    drawing = picture.drawing
    return f"#align(center, {image(drawing.svg, drawing.width * scale, drawing.height * scale)})"


def _page(title: str, explanation: str, body: str, is_wide: bool, is_outlined: bool = True) -> str:
    heading = f"#heading(outlined: {_typst(is_outlined)}, bookmarked: true, {literal(title)})"
    return f"#page(flipped: {_typst(is_wide)})[\n{heading}\n#block(below: 8pt, {literal(explanation)})\n{body}\n]"


def _typst(flag: bool) -> str:
    return "true" if flag else "false"


def _legend(kinds: Sequence[Kind], has_gradients: bool) -> str:
    swatches = []
    for kind in kinds:
        dash = '"dashed"' if "DASHED" in kind.style else "none"
        radius = 2 if "ROUNDED" in kind.style else 0
        stroke = f"(paint: rgb({literal(kind.border)}), thickness: {0.8 * kind.width}pt, dash: {dash})"
        swatch = f"rect(width: 12pt, height: 8pt, radius: {radius}pt, fill: rgb({literal(kind.fill)}), stroke: {stroke})"
        swatches.append(f"box(baseline: 1pt, {swatch}) + h(3pt) + text(size: 8pt, {literal(kind.word)})")
    if has_gradients:
        swatches.append(f'text(size: 8pt, fill: rgb({literal(GRADIENT_TEXT)}), "gradient of the loss")')
    return f"#align(center, {' + h(14pt) + '.join(swatches)})"


def _cover(trace: Trace, notice: str) -> str:
    losses = [float(row["loss"]) for row in trace.metrics]
    step = trace.steps[0] if trace.steps else None
    lines = [
        "#v(18pt)",
        f"#text(size: 26pt, {literal(shortened(trace.scenario, COVER_NAME))})",
        f"#block(below: 18pt, text(size: 12pt, {literal(' '.join(map(shortened, trace.title.split())))}))",
    ]
    settings = {name: str(value) for name, value in {**trace.hyperparameters, "seed": trace.seed, "dtype": trace.dtype}.items()}
    left = _parameter_table(step) if step is not None else ""
    tables = [left + "\n" + _pairs_table("Versions", dict(trace.versions)), _pairs_table("Settings", settings)]
    lines.append(f"#grid(columns: (1fr, 1fr), column-gutter: 24pt, [{tables[0]}], [{tables[1]}])")
    if losses:
        change = f"Loss at step 0: {number_text(losses[0])}"
        if len(losses) > 1:
            change += f", at step {len(losses) - 1}: {number_text(losses[-1])}"
        lines.append(f"#block(above: 16pt, below: 4pt, {literal(change)})")
    short = [str(each.index) for each in trace.steps if not all(node.is_kept for node in each.nodes)]
    if short:
        said = f"Not every value of step {' and '.join(short)} was kept: pages show statistics in their place."
        lines.append(f"#block(above: 4pt, below: 4pt, {literal(said)})")
    if trace.unfinished:
        early = f"The record ends after {len(trace.metrics)} of {trace.planned} steps: {trace.unfinished}."
        lines.append(f"#block(above: 4pt, below: 4pt, {literal(early)})")
    if trace.stopped:
        lines.append(f"#block(above: 4pt, below: 4pt, {literal(trace.stopped[:1].upper() + trace.stopped[1:] + '.')})")
    if sum(map(math.isfinite, losses)) > 1:
        drawing = curve(losses)
        lines.append(f"#{image(drawing.svg, drawing.width, drawing.height)}")
    if notice:
        lines.append(f'#block(above: 10pt, text(fill: rgb("#B00020"), {literal(notice)}))')
    lines.append("#v(1fr)\n#outline(title: none, indent: 0pt)")
    return "#page[\n" + "\n".join(lines) + "\n]"


def _parameter_table(step: Step) -> str:
    cells = ["table.header([Parameter], [Shape], [Count])"]
    total = 0
    for node in step.parameters:
        total += node.size
        cells += [mono(shortened(node.name, COVER_NAME)), mono(shape_text(node.shape)), mono(f"{node.size:,}")]
    cells += ["[Total]", "[]", mono(f"{total:,}")]
    return _table(cells, 3, "(left, left, right)")


def _pairs_table(title: str, pairs: dict[str, str]) -> str:
    cells = [f"table.cell(colspan: 2, [{title}])"]
    for name, value in pairs.items():
        cells += [mono(shortened(name, COVER_NAME)), mono(shortened(value, COVER_NAME))]
    return _table(cells, 2, "(left, left)")


def _update_table(step: Step) -> tuple[str, float]:
    """The table of old values, gradients and new values, and about how high it is in points."""
    cells = ["table.header([Parameter], [Old value], [Gradient], [New value])"]
    height = 32.0
    for node in step.parameters:
        if node.id not in step.updates:
            continue
        gradient, new = step.nodes[step.gradients[node.id]], step.nodes[step.updates[node.id]]
        grids = [content_lines(each) for each in (node, gradient, new)]
        name = shortened(node.name, COVER_NAME)
        cells.append(mono(f"{name}\n{shape_text(node.shape)}" if node.shape else name, 8))
        colours = ("#111111", GRADIENT_TEXT, "#111111")
        cells += [mono("\n".join(lines), 8, colour) for lines, colour in zip(grids, colours, strict=True)]
        height += 10.5 + 11 * max(1 + bool(node.shape), *map(len, grids))
    return _table(cells, 4, "left"), height


def _table(cells: Sequence[str], columns: int, align: str) -> str:
    settings = f"columns: {columns}, align: {align}, inset: 4.5pt, stroke: (x: none, y: 0.4pt + luma(190))"
    return f"#block(above: 12pt, table({settings},\n  {', '.join(cells)}))"
