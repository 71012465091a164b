"""Draws a row of boxes: what is given, boxes, numbers and wires."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.views.diagrams.theme import Kind
from tracer.views.slide.drawing.chips import Chip
from tracer.views.slide.drawing.frames import Numbering
from tracer.views.slide.drawing.marks import Panel, Raster, Text, Wire
from tracer.views.slide.drawing.sizes import ARROW, LANE, LEAD, RISER, SIDE, Sizes
from tracer.views.slide.drawing.wiring import Wiring
from tracer.views.slide.structure.content import Slide


class Row:
    """Draws the boxes of a row with their middles at the height `wire`; lanes begin at the height `top`."""

    def __init__(self, slide: Slide, sizes: Sizes, lefts: Sequence[float], wire: float, top: float) -> None:
        self.slide, self.sizes, self.wire, self.top = slide, sizes, wire, top
        self.frames = Numbering(len(slide.boxes))
        self.texts: list[Text] = []
        self.panels: list[Panel] = []
        self.wires: list[Wire] = []
        self.rasters: list[Raster] = []
        self.boxes: dict[int, Panel] = {}
        for number, left in zip(sizes.numbers, lefts, strict=True):
            height, width = sizes.box(number).height, sizes.box_width(number)
            kind, frame = slide.boxes[number].kind, self.frames.forward(number)
            self.boxes[number] = Panel(left, wire - height / 2, width, height, kind, f"b{number}", frame)
        self.wiring = Wiring(self.boxes, wire, self.frames)

    def build(self) -> None:
        """Draw everything of the row."""
        self.panels += self.boxes.values()
        for number, panel in self.boxes.items():
            text, forward, backward = self.sizes.box(number), self.frames.forward(number), self.frames.backward(number)
            self.texts += text.texts(panel.middle, panel.y, forward, backward)
            divider = text.divider(panel.y)
            if divider is not None:
                self.wires.append(self.wiring.divider(panel, divider, backward))
            self._gap(number)
            self._chips(number)
        if self.sizes.first is not None:
            self._first(self.sizes.first)
        for position, (signal, head) in enumerate(self.sizes.lanes):
            landing = self.sizes.landing(head).index(position)
            self.wires += self.wiring.over(signal, head, self.top + 6 + LANE * position, landing)

    def _gap(self, number: int) -> None:
        """The numbers behind a box, and the wire there: to the next box, or out of the row."""
        gap, panel = self.sizes.gap(number), self.boxes[number]
        following = self.boxes.get(number + 1)
        end = following.x if following else panel.right + self.sizes.gap_width(number)
        start = panel.right + (RISER if self.sizes.has_riser(number) else 0)
        returns = [box for signal in gap.signals for box in signal.returns]
        middle = (start + end) / 2
        self.texts += gap.texts(middle, self.wire, self.frames.forward(number), self.frames.all_back(returns))
        straight = [signal for signal in gap.signals if number + 1 in signal.heads]
        if following is not None and straight:
            self.wires += self.wiring.straight(number, straight)
        elif following is None or not any(signal in gap.signals for signal, _ in self.sizes.lanes):
            length = min(end - panel.right - 4, start - panel.right + gap.width + 14)
            self.wires += self.wiring.out(number, length, self.frames.all_back(returns), gap.signals)

    def _panel(self, chip: Chip, x: float, y: float, number: int, frame: int) -> Panel:
        kind = Kind.DATA if chip.signal.tail < 0 else Kind.ELSEWHERE
        key = f"m{number}" if chip.others else f"d{chip.signal.node}-{number}"
        panel = Panel(x, y, chip.width, chip.height, kind, key, frame)
        self.panels.append(panel)
        self.texts += chip.texts(panel.middle, y, frame)
        self.rasters += chip.rasters(panel.middle, y, frame)
        return panel

    def _chips(self, number: int) -> None:
        panel, chips = self.boxes[number], self.sizes.chips_of(number)
        x = panel.right - SIDE / 2
        if not self.sizes.landing(number):
            x = panel.middle + sum(chip.width + SIDE for chip in chips) / 2 - SIDE / 2
        for chip in reversed(chips):
            x -= chip.width
            made = self._panel(chip, x, panel.y - ARROW - chip.height, number, self.frames.forward(number))
            self.wires += self.wiring.down(made, number, chip.signals)
            x -= SIDE

    def _first(self, chip: Chip) -> None:
        number = self.sizes.start
        x = self.boxes[number].x - LEAD - chip.width
        frame = self.frames.forward(number) if chip.is_repeated else self.frames.forward(number - 1)
        panel = self._panel(chip, x, self.wire - chip.height / 2, number, frame)
        self.wires += self.wiring.first(panel, number, chip.signals)
