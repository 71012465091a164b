"""Makes the slide of a step: the finest groups of operations for which there is room."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tracer.errors import UsageError
from tracer.graph.record import Step
from tracer.i18n.language import Language
from tracer.views.diagrams.theme import Style
from tracer.views.ideas.flow import Flow, flow_of
from tracer.views.ideas.groups import Group
from tracer.views.slide.drawing.layout import CARDS, TABLE, TWO_ROWS, Mode, is_too_wide, laid_out
from tracer.views.slide.drawing.marks import HEIGHT, WIDTH, Picture
from tracer.views.slide.drawing.markup import slide_svg
from tracer.views.slide.structure.content import Slide
from tracer.views.slide.structure.contents import Amount, Contents
from tracer.views.slide.structure.folds import foldings
from tracer.views.slide.structure.samples import Sample, sample_of
from tracer.views.slide.weights import weighted
from tracer.views.svg import Drawing

AMOUNTS = (
    Amount(5, 4, 5),
    Amount(4, 3, 4),
    Amount(4, 2, 3),
    Amount(3, 2, 3),
    Amount(3, 1, 2),
    Amount(2, 1, 1),
    Amount(2, 1, 1, of_several=1),
    Amount(2, 1, 1, 2, 1),
)
"""How many numbers are shown, tried one after the other."""

MAX_SAMPLES = 8
"""Maximum number of samples for which there may be room."""


@dataclass(frozen=True, slots=True)
class Slides:
    """The slide of a step with places, and in the series in which it is built up."""

    content: Slide
    picture: Picture
    style: Style
    description: str

    def whole(self) -> Drawing:
        """The slide."""
        return self._drawing(slide_svg(self.picture, self.style.theme, self.description))

    def series(self) -> Iterator[Drawing]:
        """A drawing for every frame: forward box by box, back box by box, then the update."""
        for frame in range(self.picture.frames):
            yield self._drawing(slide_svg(self.picture, self.style.theme, self.description, frame=frame))

    def pages(self, *, is_series: bool) -> Iterator[Drawing]:
        """The slide, or all frames of its series."""
        if is_series:
            yield from self.series()
        else:
            yield self.whole()

    def animated(self) -> Drawing:
        """The series as one SVG that plays; whole for readers who prefer reduced motion."""
        return self._drawing(slide_svg(self.picture, self.style.theme, self.description, plays=True))

    @staticmethod
    def _drawing(svg: str) -> Drawing:
        return Drawing(svg, WIDTH, HEIGHT)


def slide_of(step: Step, title: str, style: Style, samples: Sequence[int] = (), *, has_weights: bool = False) -> Slides:
    """The slide of a step, of the samples with these indices beside each other, by default of the first.

    With `has_weights` wires are as wide as the norm of what they carry. Raises UsageError if there is no such sample, or if there
    is no room for all of them.
    """
    tell = style.tell
    flow = flow_of(step)
    lines = 2 if has_weights else 1
    sample = sample_of(flow, samples)
    fitted = _fitted(step, title, tell, flow, sample, legend_lines=lines)
    if fitted is None and not sample.others:
        raise UsageError(f"step {step.index} has no operations that lead to its loss: there is nothing to put on a slide")
    if fitted is None:
        most = _most_samples(step, title, tell, flow, sample, legend_lines=lines)
        given = ",".join(map(str, sample.indices))
        raise UsageError(f"--sample {given}: the slide of step {step.index} has room for {most} beside each other; name fewer")
    content, picture = fitted
    if has_weights:
        picture = weighted(picture, content, flow.step, tell)
    description = tell("step {number}", number=step.index)
    return Slides(content, picture, style, f"{title}, {description}" if title else description)


def _most_samples(step: Step, title: str, tell: Language, flow: Flow, sample: Sample, *, legend_lines: int) -> int:
    """How many of these samples there is room for."""
    for count in range(min(len(sample.others), MAX_SAMPLES), 1, -1):
        fewer = replace(sample, others=sample.others[: count - 1])
        if _fitted(step, title, tell, flow, fewer, legend_lines=legend_lines):
            return count
    return 1


def _fitted(
    step: Step, title: str, tell: Language, flow: Flow, sample: Sample, *, legend_lines: int
) -> tuple[Slide, Picture] | None:
    """The first of the foldings and layouts for which there is room; None if there is for none."""
    if len(sample.indices) > MAX_SAMPLES:
        return None
    contents = Contents(step, flow, sample, tell)
    narrow: list[tuple[Sequence[Group], Mode]] = []

    def attempts() -> Iterator[tuple[Sequence[Group], Mode]]:
        for groups, modes in _attempts(flow):
            for mode in modes:
                if not is_too_wide(contents.slide(groups, AMOUNTS[-1]), tell, mode):
                    narrow.append((groups, mode))
                    yield groups, mode

    for all_parameters in (False,) if contents.has_more_parameters else (True, False):
        for groups, mode in list(narrow) or attempts():
            for amount in AMOUNTS:
                content = contents.slide(groups, amount)
                picture = laid_out(content, title, tell, mode, all_parameters=all_parameters, legend_lines=legend_lines)
                if picture is not None:
                    return content, picture
    return None


def _attempts(flow: Flow) -> Iterator[tuple[Sequence[Group], tuple[Mode, ...]]]:
    """Groups and the layouts to try: the finest two in one row first, then in two rows, then coarser ones."""
    levels = foldings(flow)
    finest = list(itertools.islice(levels, 2))
    yield from ((groups, (CARDS,)) for groups in finest)
    yield from ((groups, (TWO_ROWS,)) for groups in finest)
    yield from ((groups, (CARDS, TABLE, TWO_ROWS)) for groups in itertools.chain(finest, levels))
