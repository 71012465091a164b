"""The first page: what was run, the model, the result, and how to read the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tracer.graph.losses import loss_curves
from tracer.views.aligned_text import display_width
from tracer.views.booklet.cover import change_text, remarks
from tracer.views.booklet.page import MARGIN, PAGE, Heading, page
from tracer.views.booklet.summary import cards
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.curves import curve_chart, has_course, measured_curves
from tracer.views.booklet.typst import image
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.dot import CAPTION_SIZE
from tracer.views.diagrams.fallback import laid_out
from tracer.views.diagrams.theme import Kind, Style
from tracer.views.diagrams.zoom import ViewSpec, zoom_named
from tracer.views.grids import shortened
from tracer.views.local_rules import GRADIENT_SYMBOL
from tracer.views.notation import shape_text
from tracer.views.svg import Layout, PictureError

TITLE_LENGTH, NAME_LENGTH, TEXT_LENGTH = 28, 40, 260
MAX_LOSSES = 6
MAX_PARAMETERS, MAX_SETTINGS = 10, 14
"""Maximum numbers of parameters and settings that are named; the rest are counted."""

PICTURE = (PAGE[0] - 2 * MARGIN, 400.0)
"""Maximum width and height of the picture of the model in points: as wide as the text."""

CHARTS = 140.0
"""Height in points that the picture has more if there are no curves."""

LINE = 15.0
"""Height in points that a line of text takes from the picture."""

MIN_SCALE, MAX_SCALE = 7 / CAPTION_SIZE - 0.001, 1.0
"""The smallest type of a picture is 7 points on the page."""

SHORT = 100
"""Length of a text that takes one line."""


def run_page(subject: Subject, layout: Layout, notice: str, *, has_noise: bool = True) -> str:
    """The page of the run; `notice` is printed in red. `has_noise` says whether a page has a ~0."""
    style, tell, trace = subject.style, subject.style.tell, subject.trace
    title = " ".join(map(shortened, tell.title(trace.title).split()))
    blocks = []
    if title:
        blocks.append(cards.placed(cards.plain(shortened(title, TEXT_LENGTH), 11), 8))
    small = [_settings(subject), _parameters(subject), _versions(subject)]
    blocks += [cards.placed(cards.small(text, style), 4) for text in small]
    texts = [cards.plain(change_text(name, losses, tell), 10.5) for name, losses in loss_curves(trace)][:MAX_LOSSES]
    texts += [cards.plain(shortened(text, TEXT_LENGTH)) for text in remarks(trace, style)]
    if notice:
        texts.append(cards.warning(shortened(notice, TEXT_LENGTH)))
    blocks += [cards.placed(text, 5) for text in ("v(2pt)", *texts)]
    curves = [each for each in measured_curves(trace) if has_course(each)]
    if curves:
        charts = [curve_chart(each, style) for each in curves[:2]]
        blocks.append(cards.placed(cards.columns([*charts, "[]"][:2], ["1fr", "1fr"]), 8))
    further = sum(display_width(text) // SHORT for text in (title, *small, notice))
    height = PICTURE[1] - LINE * (len(texts) + further + 1 + has_noise) + (0 if curves else CHARTS)
    blocks += [cards.placed(code, 8) for code in _picture(subject, layout, height)]
    blocks.append(cards.placed(cards.card(list(_how_to_read(subject, has_noise=has_noise)), Kind.CONSTANT, style), 0))
    return page(Heading(shortened(trace.scenario, TITLE_LENGTH), 1), "\n".join(blocks))


def _settings(subject: Subject) -> str:
    trace, tell = subject.trace, subject.style.tell
    seed = {} if trace.seed is None else {"seed": trace.seed}
    settings = {**trace.hyperparameters, **seed, "dtype": trace.dtype}
    texts = [f"{name}={shortened(str(value), NAME_LENGTH)}" for name, value in settings.items() if name not in trace.defaults]
    return tell("Settings: {names}", names=_listed(subject, texts, MAX_SETTINGS))


def _parameters(subject: Subject) -> str:
    nodes, tell = subject.step.parameters, subject.style.tell
    texts = [f"{shortened(node.name, NAME_LENGTH)} {shape_text(node.shape)}" for node in nodes]
    count = tell.count(sum(node.size for node in nodes), "parameter")
    return tell("{count}: {names}", count=count, names=_listed(subject, texts, MAX_PARAMETERS)) if texts else count


def _versions(subject: Subject) -> str:
    texts = [f"{name} {shortened(version, NAME_LENGTH)}" for name, version in subject.trace.versions.items()]
    return subject.style.tell("Versions: {names}", names=_listed(subject, texts, MAX_PARAMETERS))


def _listed(subject: Subject, texts: Sequence[str], limit: int) -> str:
    """The first texts; the rest are counted."""
    more = [subject.style.tell("and {count} more", count=len(texts) - limit)] if len(texts) > limit else []
    return ", ".join([*texts[:limit], *more]) or "-"


def _picture(subject: Subject, layout: Layout, height: float) -> Iterator[str]:
    """The picture of the model: its layers, or the five phases if these are too small to be read."""
    for zoom, direction in (("module", "LR"), ("module", "TB"), ("scenario", "TB"), ("scenario", "LR")):
        directed = replace(subject.style, direction=direction)
        try:
            drawing = next(laid_out(diagram, directed, layout) for _, diagram in _diagrams(subject, zoom, directed))
        except (PictureError, StopIteration):
            continue
        scale = min(MAX_SCALE, PICTURE[0] / drawing.width, height / drawing.height)
        if scale >= MIN_SCALE:
            yield cards.centred(image(drawing.svg, drawing.width * scale, drawing.height * scale))
            return


def _diagrams(subject: Subject, zoom: str, style: Style) -> Iterator[tuple[str, Diagram]]:
    return zoom_named(zoom).draw(subject.step, ViewSpec(zoom), style)


def _how_to_read(subject: Subject, *, has_noise: bool) -> Iterator[str]:
    """Lines on how to read the rest."""
    tell, step = subject.style.tell, subject.step
    last = max(step.gradients.values(), default=step.loss_id)
    yield cards.plain(tell("How to read this"), 11.5)
    number = subject.number(last)
    for text in (
        tell("Pages 2 to 5 follow step {step} through its phases, with its numbers: forward, loss, backward, update.",
             step=step.index),
        tell("dL/dW has the shape of W. Each of its elements says by how much the loss L grows, per unit, when this element of W"
             " grows."),
        tell("The chain rule is applied one operation at a time: {g} is the gradient that arrives from the loss. Where a value is"
             " used several times, its gradients are added up.", g=GRADIENT_SYMBOL),
        tell("{number} is operation {id} of step {step}, here, in the log and in commands; beside it stands the line of the"
             " program. A number that is missing is of an operation inside the formula of another.", number=number, id=last,
             step=step.index),
        tell("Numbers are rounded for print, mostly to four digits: who computes with them may get another last digit."),
        *([tell("~0 is a number that would be 0 without rounding errors.")] if has_noise else []),
    ):  # fmt: skip
        yield cards.plain(text, 9)
