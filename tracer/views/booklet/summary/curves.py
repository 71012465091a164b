"""The page of the curves: losses and metrics, then every parameter, those of a kind on the same scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracer.graph.losses import loss_curves, losses_of
from tracer.graph.record import Trace
from tracer.views.booklet.line_chart import line_chart
from tracer.views.booklet.page import Heading, page
from tracer.views.booklet.summary import cards
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.fitting import fitted
from tracer.views.booklet.typst import image
from tracer.views.diagrams.theme import Style
from tracer.views.grids import shortened
from tracer.views.notation import number_text, shape_text
from tracer.views.parameter_history import ParameterHistory

CHART_WIDTH = 256.0
"""Width of a chart in points: two are beside each other."""

MAX_CURVES = 6
"""Maximum number of charts of losses and metrics."""

MAX_PARAMETERS = 24
"""Maximum number of parameters that are tried on the page."""

NAME_LENGTH = 36

NOT_MEASURED = ("step", "epoch")


@dataclass(frozen=True, slots=True)
class Curves:
    """Measured numbers of one kind, such as `loss` and `val_loss`: lines with the values by step, over `length` steps."""

    name: str
    length: int
    lines: tuple[tuple[str, Mapping[int, float]], ...]


def measured_curves(trace: Trace) -> list[Curves]:
    """What was measured over the run: the losses, then each other metric; those whose names end alike are on one scale."""
    rows = trace.metrics
    found: dict[str, dict[str, Mapping[int, float]]] = {}
    for name, values in loss_curves(trace):
        found.setdefault("loss", {})[name or "loss"] = dict(enumerate(values))
    names = dict.fromkeys(name for row in rows for name in row if name not in NOT_MEASURED and name not in found.get("loss", {}))
    for name in names:
        measured = {at: row[name] for at, row in enumerate(rows) if name in row}
        if all(isinstance(value, (int, float)) for value in measured.values()):
            found.setdefault(name.rpartition("_")[2], {})[name] = {at: float(value) for at, value in measured.items()}
    return [Curves(kind, len(rows), tuple(lines.items())) for kind, lines in found.items()]


def curve_chart(curves: Curves, style: Style) -> str:
    """A chart of measured numbers, with a line that says what they were at first and at last; as typst code."""
    positions = [at for at in range(curves.length) if any(at in measured for _, measured in curves.lines)]
    lines = [(name, [measured.get(at, math.nan) for at in positions]) for name, measured in curves.lines]
    drawing = line_chart(lines, positions, style, title=style.tell("step"), width=CHART_WIDTH)
    texts = []
    for name, measured in curves.lines:
        values = list(measured.values())
        ends = dict.fromkeys(number_text(value) for value in (values[0], values[-1])) if values else ["-"]
        texts.append(f"{shortened(name, NAME_LENGTH)} {' -> '.join(ends)}")
    return cards.above([cards.numbers(", ".join(texts), style), image(drawing.svg, drawing.width, drawing.height)], 3)


def has_course(curves: Curves) -> bool:
    """Whether there are two numbers to draw a line between."""
    return any(sum(map(math.isfinite, measured.values())) > 1 for _, measured in curves.lines)


def curves_page(subject: Subject, histories: Sequence[ParameterHistory]) -> str:
    """The page of the curves."""
    tell, style = subject.style.tell, subject.style
    blocks, rows = [], []
    measured = [each for each in measured_curves(subject.trace) if has_course(each)]
    if measured:
        rows += list(_in_pairs([curve_chart(each, style) for each in measured[:MAX_CURVES]]))
        caption = _caption(subject, measured[:MAX_CURVES])
    else:
        caption = tell("Nothing was measured at two steps.")
    blocks.append(cards.placed(cards.plain(caption)))
    blocks += [cards.placed(row) for row in rows]
    moved = [history for history in histories if len(history.positions) > 1]
    if moved:
        caption = tell(
            "The parameters, all with the same vertical axis: each element, or the smallest, the mean and the largest of many."
            " The last point is after the last update."
        )
        blocks.append(cards.placed(cards.plain(caption)))
    charts = [_parameter_chart(history, _scale(moved), style) for history in moved[:MAX_PARAMETERS]]
    blocks.append(fitted([list(_in_pairs(charts))], len(moved), tell, per_block=2))
    return page(Heading(tell("The run in curves"), 1), "\n".join(blocks))


def _caption(subject: Subject, measured: Sequence[Curves]) -> str:
    tell, step = subject.style.tell, subject.step
    sentences = [tell("Everything that was measured, over the steps.")]
    if any(len(each.lines) > 1 for each in measured):
        sentences.append(tell("Numbers whose names end alike are in one chart."))
    values = [[value for _, line in each.lines for value in line.values() if math.isfinite(value)] for each in measured]
    if any(found and min(found) > 0 and min(found) < max(found) for found in values):
        sentences.append(tell("A vertical axis goes from the smallest number to the largest: it does not begin at 0."))
    if step.updates and max(losses_of(step)) < min(step.updates.values()):
        sentences.append(tell("The loss of a step is computed before its update: the effect of the last update is not in it."))
    text = sentences[0]
    for sentence in sentences[1:]:
        text = tell("{sentence} {next}", sentence=text, next=sentence)
    return text


def _in_pairs(charts: Sequence[str]) -> Iterator[str]:
    for at in range(0, len(charts), 2):
        pair = [*charts[at : at + 2], "[]"][:2]
        yield cards.columns(pair, ["1fr", "1fr"])


def _scale(histories: Sequence[ParameterHistory]) -> tuple[float, float] | None:
    """The smallest and the largest value of all parameters."""
    finite = [value for history in histories for _, line in history.lines for value in line if math.isfinite(value)]
    return (min(finite), max(finite)) if finite else None


def _parameter_chart(history: ParameterHistory, scale: tuple[float, float] | None, style: Style) -> str:
    drawing = line_chart(history.lines, history.positions, style, title=style.tell("step"), width=CHART_WIDTH, scale=scale)
    title = f"{shortened(history.name, NAME_LENGTH)} {shape_text(history.shape) if history.shape else ''}".strip()
    return cards.above([cards.numbers(title, style), image(drawing.svg, drawing.width, drawing.height)], 3)
