"""The heading of a slide and its legend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tracer.i18n.language import Language
from tracer.views.diagrams.theme import Kind
from tracer.views.grids import shortened
from tracer.views.local_rules import GRADIENT_SYMBOL
from tracer.views.noise import NOISE
from tracer.views.slide.drawing.marks import HEADING, HEIGHT, LINE, MARGIN, SMALL, WIDTH, Panel, Role, Text, Wire
from tracer.views.slide.drawing.measure import mono_width, text_width
from tracer.views.slide.structure.content import Slide
from tracer.views.slide.structure.samples import Sample

BOTTOM_OF_HEADING, TOP_OF_LEGEND = 64, HEIGHT - 30
SWATCH, GAP = 28, 12
"""Width of what a legend explains, and distance of its entries."""


@dataclass(frozen=True, slots=True)
class Legend:
    """The marks of a legend."""

    texts: tuple[Text, ...]
    panels: tuple[Panel, ...]
    wires: tuple[Wire, ...]


def heading_texts(slide: Slide, title: str, tell: Language) -> Iterator[Text]:
    """The title of the run and the step, and below it what the numbers are of."""
    step = tell("step {number}", number=slide.step)
    heading = f"{shortened(title, 40)}, {step}" if title else step
    yield Text(MARGIN, 34, heading, Role.TEXT, HEADING, is_bold=True)
    notes = []
    sample = slide.sample
    if sample.count > 0:
        number, count = sample.index, sample.count
        numbers = ", ".join(map(str, sample.indices))
        if sample.others and sample.is_independent:
            notes.append(tell("samples {numbers} of {count}", numbers=numbers, count=count))
        elif sample.others and sample.axis == 0:
            notes.append(tell("rows {numbers} of {count}", numbers=numbers, count=count))
        elif sample.others:
            notes.append(tell("columns {numbers} of {count}", numbers=numbers, count=count))
        elif sample.is_independent:
            notes.append(tell("sample {number} of {count}", number=number, count=count))
        elif sample.axis == 0:
            notes.append(tell("row {number} of {count}", number=number, count=count))
        else:
            notes.append(tell("column {number} of {count}", number=number, count=count))
        if count > 1:
            notes.append(tell("the loss and the gradients of parameters are of all {count}", count=count))
    if slide.losses > 1:
        notes.append(tell("the first of {count} losses", count=slide.losses))
    if notes:
        yield Text(MARGIN, 56, tell("; ").join(notes), Role.MUTED)


def update_texts(slide: Slide, ends: tuple[float, float], tell: Language, frame: int) -> Iterator[Text]:
    """How parameters are updated, at the right of the title and of what is below it, which end at `ends`.

    It is one line if it has room there, otherwise two; settings that have no room in these are left out.
    """
    above, below = (WIDTH - MARGIN - end - GAP for end in ends)
    settings = list(slide.update)
    while settings:
        text = tell("update: {how}", how=", ".join(settings) + ("" if len(settings) == len(slide.update) else ", ..."))
        lines = _in_two(text, above, below)
        if lines or len(settings) == 1:
            for at, line in enumerate(reversed(lines or (shortened(text, max(int(below / (SMALL * 0.6)), 20)),))):
                yield Text(WIDTH - MARGIN, 56 - LINE * at, line, Role.UPDATE, anchor="end", frame=frame)
            return
        settings.pop()


def _in_two(text: str, above: float, below: float) -> tuple[str, ...]:
    """A text in one line of the lower width, or in two that are cut after a comma; nothing if it is too long."""
    if text_width(text) <= below:
        return (text,)
    parts = text.split(", ")
    for count in range(len(parts) - 1, 0, -1):
        first, second = ", ".join(parts[:count]) + ",", ", ".join(parts[count:])
        if text_width(first) <= above and text_width(second) <= below:
            return first, second
    return ()


def sample_texts(sample: Sample, tell: Language) -> list[str]:
    """What stands above the numbers of each of several samples; nothing of a single one."""
    if not sample.others:
        return []
    if sample.is_independent:
        return [tell("sample {number}", number=index) for index in sample.indices]
    if sample.axis == 0:
        return [tell("row {number}", number=index) for index in sample.indices]
    return [tell("column {number}", number=index) for index in sample.indices]


def uses_text(uses: int) -> str:
    """How often a parameter is used, in short.

    >>> uses_text(5), uses_text(1)
    ('x5', '')
    """
    return f"x{uses}" if uses > 1 else ""


def legend(slide: Slide, texts: Iterable[Text], tell: Language) -> Legend:
    """The legend at the bottom: the two lines of a wire, the letter g, and what stands out, as far as the slide has it.

    If there is room it says how many numbers the parameters have.
    """
    shown = list(texts)
    size = tell("parameter ({count} numbers in all)", count=f"{slide.parameter_size:,}")
    longer, end = _legend(slide, shown, tell, size)
    return longer if end <= WIDTH - MARGIN + GAP else _legend(slide, shown, tell, tell("parameter"))[0]


def _legend(slide: Slide, shown: Sequence[Text], tell: Language, parameter: str) -> tuple[Legend, float]:
    """The legend with this text for parameters, and where it ends."""
    y = HEIGHT - 14
    x = float(MARGIN)
    made: list[Text] = []
    panels: list[Panel] = []
    wires: list[Wire] = []

    def say(text: str, role: Role = Role.TEXT) -> None:
        nonlocal x
        made.append(Text(x, y, text, role))
        x += text_width(text) + GAP

    def line(role: Role, *, back: bool) -> None:
        nonlocal x
        ends = ((x + SWATCH, y - 5), (x, y - 5)) if back else ((x, y - 5), (x + SWATCH, y - 5))
        wires.append(Wire(ends, role, "", ""))
        x += SWATCH + 6

    line(Role.VALUE, back=False)
    say(tell("value above the wire"))
    if any(text.role is Role.GRADIENT for text in shown):
        line(Role.GRADIENT, back=True)
        say(tell("gradient of the loss below it"))
        made.append(Text(x, y, GRADIENT_SYMBOL, Role.GRADIENT, is_mono=True))
        x += mono_width(GRADIENT_SYMBOL) + 6
        say(tell("gradient that arrives"))
    if slide.parameters:
        panels.append(Panel(x, y - 12, 18, 14, Kind.PARAMETER, ""))
        x += 24
        say(parameter)
    uses = max((parameter.uses for parameter in slide.parameters), default=1)
    if any(text.text == uses_text(uses) for text in shown):
        made.append(Text(x, y, uses_text(uses), Role.MUTED, is_mono=True))
        x += mono_width(uses_text(uses)) + 6
        say(tell("used {count} times", count=uses))
    if any(text.text == NOISE for text in shown):
        made.append(Text(x, y, NOISE, Role.TEXT, is_mono=True))
        x += mono_width(NOISE) + 6
        say(tell("rounding noise"))
    return Legend(tuple(made), tuple(panels), tuple(wires)), x
