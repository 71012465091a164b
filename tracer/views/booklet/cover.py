"""The cover of a booklet: scenario, parameters, settings, versions, loss, table of contents."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.graph.losses import loss_curves
from tracer.graph.missing import reasons_in
from tracer.graph.record import Step, Trace
from tracer.i18n.language import Language
from tracer.views.booklet.page import cell, page, table
from tracer.views.booklet.typst import literal
from tracer.views.diagrams.theme import Style
from tracer.views.grids import shortened
from tracer.views.notation import number_text, reasons_text, shape_text

MAX_TABLE_ROWS = 16
"""Maximum number of parameters listed; the rest are counted."""

NAME_LENGTH = 28
"""Maximum length of a name in a table."""


def change_text(name: str, losses: Sequence[float], tell: Language) -> str:
    """The sentence on a loss at the first and at the last step; `name` is empty if there is only one loss."""
    first, last, end = number_text(losses[0]), len(losses) - 1, number_text(losses[-1])
    if not last:
        return tell("{name} at step 0: {first}", name=name, first=first) if name else tell("Loss at step 0: {first}", first=first)
    if name:
        return tell("{name} at step 0: {first}, at step {last}: {end}", name=name, first=first, last=last, end=end)
    return tell("Loss at step 0: {first}, at step {last}: {end}", first=first, last=last, end=end)


def cover(trace: Trace, style: Style, notice: str) -> str:
    """The cover page; `notice` is printed in red."""
    tell = style.tell
    lines = [
        "#v(18pt)",
        f"#text(size: 26pt, {literal(shortened(trace.scenario, NAME_LENGTH))})",
        f"#block(below: 18pt, text(size: 12pt, {literal(' '.join(map(shortened, style.tell.title(trace.title).split())))}))",
    ]
    seed = {} if trace.seed is None else {"seed": trace.seed}
    settings = {name: str(value) for name, value in {**trace.hyperparameters, **seed, "dtype": trace.dtype}.items()}
    left = _parameter_table(trace.steps[0], style) if trace.steps else ""
    tables = [
        f"{left}\n{_pairs_table(tell('Versions'), dict(trace.versions), style)}",
        _pairs_table(tell("Settings"), settings, style),
    ]
    lines.append(f"#grid(columns: (1fr, 1fr), column-gutter: 24pt, [{tables[0]}], [{tables[1]}])")
    for position, (name, losses) in enumerate(loss_curves(trace)):
        lines.append(f"#block(above: {4 if position else 16}pt, below: 4pt, {literal(change_text(name, losses, tell))})")
    lines += [f"#block(above: 4pt, below: 4pt, {literal(text)})" for text in remarks(trace, style)]
    if notice:
        lines.append(f'#block(above: 10pt, text(fill: rgb("#B00020"), {literal(notice)}))')
    lines.append("#v(1fr)\n#outline(title: none, indent: 12pt, depth: 2)")
    return page(None, "\n".join(lines))


def remarks(trace: Trace, style: Style) -> list[str]:
    """Remarks on missing values and an early end of the run."""
    tell = style.tell
    remarks = []
    missing = {each.index: set(reasons_in(each.nodes)) for each in trace.steps}
    short = [str(index) for index, reasons in missing.items() if reasons]
    if short:
        steps = tell(", ").join(short)
        why = reasons_text((reason for reasons in missing.values() for reason in reasons), tell)
        remarks.append(tell("Not every value of these steps was kept: {steps} ({reason}). Their pages show statistics.",
                            steps=steps, reason=why))  # fmt: skip
    if trace.unfinished:
        remarks.append(tell("The record ends after {count} of {planned} steps: {why}.", count=len(trace.metrics),
                            planned=trace.planned, why=tell.message(trace.unfinished)))  # fmt: skip
    if trace.stopped:
        stopped = tell.message(trace.stopped)
        remarks.append(f"{stopped[:1].upper()}{stopped[1:]}{tell('.')}")
    return remarks


def _parameter_table(step: Step, style: Style) -> str:
    tell = style.tell
    heads = (tell("Parameter"), tell("Shape"), tell("Count"))
    cells = [f"table.header({', '.join(f'[#{literal(head)}]' for head in heads)})"]
    total = sum(node.size for node in step.parameters)
    for node in step.parameters[:MAX_TABLE_ROWS]:
        cells += [
            cell(shortened(node.name, NAME_LENGTH), style),
            cell(shape_text(node.shape), style),
            cell(f"{node.size:,}", style),
        ]
    if len(step.parameters) > MAX_TABLE_ROWS:
        cells += [f"[#{literal(tell('and {count} more', count=len(step.parameters) - MAX_TABLE_ROWS))}]", "[]", "[]"]
    cells += [f"[#{literal(tell('Total'))}]", "[]", cell(f"{total:,}", style)]
    return table(cells, 3, "(left, left, right)", style)


def _pairs_table(title: str, pairs: dict[str, str], style: Style) -> str:
    cells = [f"table.cell(colspan: 2, [#{literal(title)}])"]
    for name, value in pairs.items():
        cells += [cell(shortened(name, NAME_LENGTH), style), cell(shortened(value, NAME_LENGTH), style)]
    return table(cells, 2, "(left, left)", style)
