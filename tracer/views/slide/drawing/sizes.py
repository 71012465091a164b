"""The parts of a row of boxes with their sizes, before they have places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tracer.i18n.language import Language
from tracer.views.slide.drawing.boxes import BoxText, box_text
from tracer.views.slide.drawing.chips import Chip
from tracer.views.slide.drawing.gaps import Gap
from tracer.views.slide.drawing.heading import sample_texts
from tracer.views.slide.drawing.marks import MARGIN, WIDTH
from tracer.views.slide.structure.content import Signal, Slide

SIDE = 9
"""Distance of a number from the boxes beside it."""

RISER = 16
"""Room beside a box for a wire that goes up."""

LANE = 12
"""Distance of wires that run above the boxes, and of their ends on a box."""

LEAD = 30
"""Length of the wire from what is given to the first box."""

ARROW = 16
"""Length of a wire from a panel above or below a box."""

MAX_STRETCH = 70

ROOM = WIDTH - 2 * MARGIN


@dataclass(frozen=True)
class Sizes:
    """The parts of a row: the boxes from number `start` on, and by their numbers the gaps behind them and the chips above.

    `first` is what leads into the first box from the left, `lanes` are the wires that pass over boxes: a signal, and the box it
    leads to. It has no `__slots__`, because widths are cached in the instance.
    """

    start: int
    boxes: tuple[BoxText, ...]
    gaps: tuple[Gap, ...]
    first: Chip | None
    chips: tuple[tuple[Chip, ...], ...]
    lanes: tuple[tuple[Signal, int], ...]

    @property
    def numbers(self) -> range:
        """The numbers of the boxes."""
        return range(self.start, self.start + len(self.boxes))

    def box(self, number: int) -> BoxText:
        """The texts of a box."""
        return self.boxes[number - self.start]

    def gap(self, number: int) -> Gap:
        """What stands behind a box."""
        return self.gaps[number - self.start]

    def chips_of(self, number: int) -> tuple[Chip, ...]:
        """What leads into a box from above."""
        return self.chips[number - self.start]

    def landing(self, number: int) -> list[int]:
        """The positions of the lanes that lead to a box."""
        return [position for position, (_, head) in enumerate(self.lanes) if head == number]

    def box_width(self, number: int) -> float:
        """The width of a box, with room above it for what is given and what comes down."""
        above = sum(chip.width + SIDE for chip in self.chips_of(number))
        lanes = LANE * len(self.landing(number)) + (12 if self.landing(number) else 0)
        return max(self.box(number).width, above + lanes)

    def has_riser(self, number: int) -> bool:
        """Whether a wire goes up behind a box."""
        return any(signal.tail == number for signal, _ in self.lanes)

    def gap_width(self, number: int) -> float:
        """The width of the gap behind a box."""
        return max(self.gap(number).width + 2 * SIDE, 24.0) + (RISER if self.has_riser(number) else 0)

    @property
    def lead(self) -> float:
        """The width of what stands before the first box."""
        return self.first.width + LEAD if self.first else 0.0

    @cached_property
    def widths(self) -> list[float]:
        """The smallest width of each box and the gap behind it."""
        return [self.box_width(number) + self.gap_width(number) for number in self.numbers]

    @cached_property
    def width(self) -> float:
        """The smallest width of the row."""
        return self.lead + sum(self.widths)

    @property
    def above(self) -> float:
        """The height above the wire: boxes with their chips, numbers, and lanes."""
        chips = [max((chip.height + ARROW for chip in self.chips_of(number)), default=0.0) for number in self.numbers]
        boxes = [self.box(number).height / 2 + chip for number, chip in zip(self.numbers, chips)]
        first = self.first.height / 2 if self.first else 0.0
        lanes = LANE * len(self.lanes) + 12 if self.lanes else 0.0
        return max([*boxes, *(gap.above for gap in self.gaps), first], default=0.0) + lanes

    @property
    def below(self) -> float:
        """The height below the wire."""
        first = self.first.height / 2 if self.first else 0.0
        return max([*(box.height / 2 for box in self.boxes), *(gap.below for gap in self.gaps), first], default=0.0)

    def across(self, *, in_full: bool) -> list[float] | None:
        """The left sides of the boxes, over the whole width if `in_full`; None if they are too wide together."""
        spare = ROOM - self.width
        if spare < 0:
            return None
        count = len(self.boxes)
        stretch = min(spare / (count - 1), 3 * MAX_STRETCH if in_full else MAX_STRETCH) if count > 1 else 0.0
        x = MARGIN + self.lead + (0.0 if in_full else max(0.0, spare - stretch * (count - 1)) / 2)
        lefts = []
        for width in self.widths:
            lefts.append(x)
            x += width + stretch
        return lefts


def sizes_of(slide: Slide, numbers: range, wrap: int, most: int, tell: Language) -> Sizes:
    """The sizes of the boxes with these numbers in one row, their formulas wrapped to that many characters.

    `most` is the number of lines from which on a box has fewer.
    """
    names = {signal.node: signal.name for signal in slide.signals}
    outside = [signal for signal in slide.signals if signal.tail < numbers.start]
    # The value of the box before, in the row above, leads into the row.
    into = [signal for signal in outside if numbers.start in signal.heads]
    first = max(into, key=lambda signal: (signal.tail, -signal.node), default=None)
    seen = {signal.node for signal in slide.signals if -1 < signal.tail < numbers.start}
    seen |= {signal.node for signal in slide.signals if signal.tail < 0 and min(signal.heads, default=0) < numbers.start}
    samples = tuple(sample_texts(slide.sample, tell))
    lead = Chip(first, tell, first.node in seen, shows_image=True, samples=samples) if first else None
    seen |= {first.node} if first else set()
    chips: list[tuple[Chip, ...]] = []
    for number in numbers:
        found = [signal for signal in outside if number in signal.heads and not (signal is first and number == numbers.start)]
        shown = found if len(found) <= slide.panels else found[: slide.panels - 1]
        made = [Chip(signal, tell, signal.node in seen, samples=samples) for signal in shown]
        if len(shown) < len(found):
            rest = found[len(shown) :]
            made.append(Chip(rest[0], tell, others=tuple(rest[1:])))
        chips.append(tuple(made))
        seen |= {signal.node for signal in shown}
    gaps = []
    lanes = []
    for number in numbers:
        signals = tuple(signal for signal in slide.signals if signal.tail == number)
        gaps.append(
            Gap(
                signals if number < slide.loss.tail else (slide.loss,),
                tell,
                slide.of_several,
                samples,
                _leaving(slide, signals, number, numbers),
            )
        )
        lanes += [(signal, head) for signal in signals for head in signal.heads if head != number + 1 and head in numbers]
    boxes = tuple(box_text(slide.boxes[number], names, wrap, most) for number in numbers)
    return Sizes(numbers.start, boxes, tuple(gaps), lead, tuple(chips), tuple(lanes))


def _leaving(slide: Slide, signals: Sequence[Signal], number: int, row: range) -> tuple[str, ...]:
    """The titles of the boxes in the next row that use values of a box; none of the last in its row, which leads there."""
    if number == row[-1]:
        return ()
    heads = dict.fromkeys(head for signal in signals for head in signal.heads if head not in row)
    return tuple(slide.boxes[head].title for head in heads)
