"""The pages of forward pass and loss: every operation with its numbers, followed for one row of the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracer.errors import UsageError
from tracer.graph.losses import losses_of
from tracer.graph.record import Node, Phase
from tracer.views.booklet.heat_map import colour_scale, heat_map, image_index
from tracer.views.booklet.page import MARGIN, PAGE, Heading, page
from tracer.views.booklet.summary import cards, example
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.fitting import fitted
from tracer.views.booklet.typst import image
from tracer.views.diagrams.theme import Kind
from tracer.views.grids import content_lines, shortened
from tracer.views.notation import MAX_FULL_SIZE, array_text, number_of, number_text, shape_text, summary_text
from tracer.views.slide.drawing import marks as slide_marks
from tracer.views.slide.slide import slide_of

MAX_CARDS = 40
"""Maximum number of operations that are tried on a page."""

MAX_DATA = 4
"""Maximum number of arrays of data on the page of the forward pass."""

NAME_LENGTH = 40

IMAGE_SIDE = 72.0
"""Maximum height of an image in points."""

SLIDE_SCALE = (PAGE[0] - 2 * MARGIN) / (slide_marks.WIDTH - 2 * slide_marks.MARGIN)
"""The scale at which a slide without its margins is as wide as the text: its smallest type, 14 points, is 8."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is said of an operation: size of the type, number of terms that are written in full, and its values."""

    size: float
    terms: int
    has_values: bool


def forward_page(subject: Subject) -> str:
    """The page of the forward pass."""
    tell, step = subject.style.tell, subject.step
    nodes = subject.shown(Phase.FORWARD)
    heading = Heading(tell("Step {step}: forward", step=step.index), 1)
    count = example.row_count(step)
    caption = tell(
        "From the data to the prediction, in the order of the program. One number of each result is worked out; of the terms of"
        " a sum, the largest come first."
    )
    if count:
        rows = tell(
            "Of arrays with {count} rows, one for each row of the data, row {row} is shown.", count=count, row=subject.sample
        )
        caption = tell("{sentence} {next}", sentence=caption, next=rows)
    named = [node for node in subject.data() if node.name or node.shape]
    data = [_data_card(subject, node, count) for node in named[:MAX_DATA]]
    text = caption if nodes else _elsewhere(subject)
    blocks = [cards.placed(cards.plain(text)), *map(cards.placed, [*_slide(subject, count), *data])]
    return page(heading, "\n".join([*blocks, _fitted_operations(subject, nodes, Kind.FORWARD)]))


def _elsewhere(subject: Subject) -> str:
    """What is said instead of a forward pass that is not on its page: a function of the loss may compute the predictions too."""
    tell, step = subject.style.tell, subject.step
    nodes = [node for node in step.nodes if node.phase is Phase.LOSS and not node.is_leaf]
    if not nodes:
        return tell("This step has no forward pass.")
    function = step.nodes[step.loss_id].scope
    if function and all(node.scope == function or node.scope.startswith(f"{function}/") for node in nodes):
        return tell("The forward pass is inside {function}, and is counted under the loss: see the next page.", function=function)
    return tell("The forward pass is counted under the loss: see the next page.")


def _slide(subject: Subject, count: int) -> Iterator[str]:
    """The step as one slide: values above the wires, gradients below."""
    for samples in ((subject.sample,) if count else (), ()):
        try:
            drawing = slide_of(subject.step, "", subject.style, samples).whole()
        except UsageError:  # its samples are counted otherwise
            continue
        picture = image(drawing.svg, drawing.width * SLIDE_SCALE, drawing.height * SLIDE_SCALE)
        yield cards.centred(picture, slide_marks.MARGIN * SLIDE_SCALE)
        return


def loss_page(subject: Subject) -> str:
    """The page of the loss, or of the losses."""
    tell, step = subject.style.tell, subject.step
    heading = Heading(tell("Step {step}: loss", step=step.index), 1)
    sentences = [
        tell("One number says how bad the prediction is. The backward pass begins with it."),
        tell("Of the terms of a sum, the largest come first."),
    ]
    values = [(subject.labels[id], step.nodes[id]) for id in losses_of(step)]
    results = [f"{name} = {number_text(node.value)}" for name, node in values if node.is_kept and not node.shape]
    blocks = [cards.placed(cards.plain(text)) for text in sentences]
    blocks += [cards.placed(f"text(size: 13pt, {cards.numbers(text, subject.style)})") for text in results]
    nodes = subject.shown(Phase.LOSS)
    return page(heading, "\n".join([*blocks, _fitted_operations(subject, nodes, Kind.LOSS)]))


def _fitted_operations(subject: Subject, nodes: Sequence[Node], kind: Kind) -> str:
    tried = nodes[:MAX_CARDS]
    variants = [
        [_card(subject, node, kind, Detail(size, terms, has_values)) for node in tried]
        for size, terms, has_values in ((10.5, 32, True), (9, 32, True), (9, 6, True), (8.5, 6, False))
    ]
    return fitted(variants, len(nodes), subject.style.tell)


def _data_card(subject: Subject, node: Node, count: int) -> str:
    name = f"{shortened(subject.labels[node.id], NAME_LENGTH)} {shape_text(node.shape) if node.shape else ''}".strip()
    head = cards.pair(cards.numbers(name, subject.style, 9.5), cards.small(subject.number(node.id), subject.style))
    told = [head, *_values(subject, node, count, 9.5)]
    drawn = list(_image(subject, node, count))
    parts = [cards.columns([cards.above(told), cards.above(drawn, 3)], ["1fr", "auto"])] if drawn else told
    return cards.card(parts, Kind.DATA, subject.style)


def _image(subject: Subject, node: Node, count: int) -> Iterator[str]:
    """The row that is followed as an image, with the scale of its colours, if it is one."""
    place = image_index(node.shape)
    if place is None or not example.has_rows(node, count) or not node.is_kept or node.value.dtype.kind not in "fiub":
        return
    value = node.value[(subject.sample, *place[1:])]
    for drawing in (heat_map(value, subject.style), colour_scale(value, subject.style)):
        scale = min(1.0, IMAGE_SIDE / drawing.height)
        yield image(drawing.svg, drawing.width * scale, drawing.height * scale)


def _card(subject: Subject, node: Node, kind: Kind, detail: Detail) -> str:
    """An operation: its equation, its line, the values of a row, and its largest number worked out."""
    style, count = subject.style, example.row_count(subject.step)
    head = cards.headed(subject.labels.equation_tree(node), cards.small(subject.place(node), style), style, detail.size * 1.3)
    row = subject.sample if example.has_rows(node, count) else None
    largest = example.largest_element(node, subject.labels, row)
    worked = example.worked(subject.step, subject.labels, largest, detail.terms, style.tell)
    is_told = bool(worked) and not node.shape  # the result of a number is at the end of its arithmetic
    values = list(_values(subject, node, count, detail.size)) if detail.has_values and not is_told else []
    entering = _entering_text(subject, node, count) if worked and row is None else ""
    told = [cards.numbers(text, style, detail.size) for text in worked]
    return cards.card([head, *values, *told, cards.small(entering, style) if entering else ""], kind, style)


def _entering_text(subject: Subject, node: Node, count: int) -> str:
    """The number of the row that is followed, of a value with one number a row, that a sum over the rows has as a term."""
    step, labels, tell = subject.step, subject.labels, subject.style.tell
    waiting = [node]
    while waiting:
        user = waiting.pop(0)
        for each in (step.nodes[id] for id in user.operands):
            if labels.is_inlined(each.id) and not each.is_leaf:
                waiting.append(each)
            elif user.op in ("sum", "mean") and count and each.shape == (count,) and each.is_kept and not each.is_leaf:
                number = number_of(each, (subject.sample,), labels.noise)
                return tell("with {numbers}", numbers=f"{labels.element(each.id, (subject.sample,))} = {number}")
    return ""


def _values(subject: Subject, node: Node, count: int, size: float) -> Iterator[str]:
    """The values of the row that is followed, or of the whole array."""
    style, name = subject.style, shortened(subject.labels[node.id], NAME_LENGTH)
    if not node.is_kept or not node.size:
        yield cards.numbers(f"{name}: {summary_text(node.summary, node.shape, node.dtype)}", style, size)
        return
    row = subject.sample if example.has_rows(node, count) else None
    value = node.value if row is None else node.value[row]
    title = name if row is None else subject.labels.element(node.id, (row,))
    noise = subject.labels.noise.of(node)
    mask = noise if noise is None or row is None else noise[row]
    if value.size <= MAX_FULL_SIZE:
        yield cards.numbers(f"{shortened(title, NAME_LENGTH)} = {array_text(value, noise=mask)}", style, size)
    elif row is None:
        yield cards.lines([f"{name}:", *content_lines(node, subject.labels.noise, style.tell)], style, size=size)
    else:
        flat = value.ravel()
        yield cards.numbers(
            f"{title}: {shape_text(value.shape)}, {number_text(flat.min())} ... {number_text(flat.max())}", style, size
        )
