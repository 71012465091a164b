"""The wires of a slide: two lines side by side, the value in one direction and the gradient in the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tracer.views.slide.drawing.frames import Numbering
from tracer.views.slide.drawing.marks import Panel, Role, Wire
from tracer.views.slide.drawing.sizes import LANE
from tracer.views.slide.structure.content import Parameter, Signal

APART = 3
"""Distance of the two lines of a wire from its middle."""

Point = tuple[float, float]
Signals = Sequence[Signal]


class Wiring:
    """Makes the wires of the boxes of a row, by their numbers, whose middle is at the height `y`."""

    def __init__(self, boxes: Mapping[int, Panel], y: float, frames: Numbering) -> None:
        self.boxes, self.y, self.frames = boxes, y, frames

    def _pair(
        self, start: Point, end: Point, keys: tuple[str, str], frames: tuple[int, int], signals: Signals, back: Signals
    ) -> Iterator[Wire]:
        """A straight wire of values; with that of the gradients beside it of those that come back."""
        (x, y), (right, down) = start, end
        across, below = (0, APART) if x != right else (APART, 0)
        yield Wire(
            ((x - across, y - below), (right - across, down - below)), Role.VALUE, *keys, frame=frames[0], carries=_nodes(signals)
        )
        if back:
            points = ((right + across, down + below), (x + across, y + below))
            yield Wire(points, Role.GRADIENT, keys[1], keys[0], frame=frames[1], carries=_nodes(back))

    def _frames(self, box: int) -> tuple[int, int]:
        return self.frames.forward(box), self.frames.backward(box)

    def straight(self, number: int, signals: Signals) -> Iterator[Wire]:
        """The wire of these signals from a box to the next."""
        tail, box = self.boxes[number], self.boxes[number + 1]
        keys, back = (tail.key, box.key), _returning(signals, number + 1)
        frames = self.frames.forward(number), self.frames.backward(number + 1)  # the value stands on the wire before its use
        yield from self._pair((tail.right, self.y), (box.x, self.y), keys, frames, signals, back)

    def first(self, panel: Panel, number: int, signals: Signals) -> Iterator[Wire]:
        """The wire from what leads into the first box."""
        box = self.boxes[number]
        keys, back = (panel.key, box.key), _returning(signals, number)
        yield from self._pair((panel.right, self.y), (box.x, self.y), keys, self._frames(number), signals, back)

    def down(self, panel: Panel, number: int, signals: Signals) -> Iterator[Wire]:
        """The wire from what leads into a box from above."""
        box = self.boxes[number]
        ends = (panel.middle, panel.bottom), (panel.middle, box.y)
        yield from self._pair(*ends, (panel.key, box.key), self._frames(number), signals, _returning(signals, number))

    def out(self, number: int, length: float, back: int, signals: Signals) -> Iterator[Wire]:
        """The wire from the last box of a row: to the loss, or to the next row."""
        returning = tuple(signal for signal in signals if signal.gradient is not None)
        box = self.boxes[number]
        ends = (box.right, self.y), (box.right + length, self.y)
        yield from self._pair(*ends, (box.key, ""), (self.frames.forward(number), back), signals, returning)

    def over(self, signal: Signal, head: int, lane: float, landing: int) -> Iterator[Wire]:
        """The wire that passes over boxes at the height `lane`, and comes down as the `landing`th on its box."""
        tail, box = self.boxes[signal.tail], self.boxes[head]
        up, down, inner = tail.right + 5, box.x + 9 + LANE * landing, 5
        start, end = (tail.right, self.y - APART), (down + inner, box.y)
        points = (start, (up, self.y - APART), (up, lane), (down + inner, lane), end)
        yield Wire(points, Role.VALUE, tail.key, box.key, frame=self.frames.forward(head), carries=(signal.node,))
        if head in signal.returns:
            back = (
                (down, box.y), (down, lane + inner), (up + inner, lane + inner), (up + inner, self.y + APART),
                (tail.right, self.y + APART),
            )  # fmt: skip
            yield Wire(back, Role.GRADIENT, box.key, tail.key, frame=self.frames.backward(head), carries=(signal.node,))

    def up(self, card: Panel, parameters: Sequence[Parameter], bus: float | None, *, has_gradient: bool) -> Iterator[Wire]:
        """The wires from parameters up to the boxes that all use them: straight, or along a line at the height `bus`."""
        boxes, carries = parameters[0].boxes, tuple(parameter.node for parameter in parameters)
        for number in boxes:
            box = self.boxes[number]
            start = box.middle if bus is None else card.middle
            value: tuple[Point, ...] = ((start - APART, card.y), (box.middle - APART, box.bottom))
            back: tuple[Point, ...] = ((box.middle + APART, box.bottom), (start + APART, card.y))
            if bus is not None:
                value = (value[0], (start - APART, bus), (box.middle - APART, bus), value[1])
                back = (back[0], (box.middle + APART, bus + 5), (start + APART, bus + 5), back[1])
            yield Wire(value, Role.VALUE, card.key, box.key, frame=self.frames.forward(number), carries=carries)
            if has_gradient:
                yield Wire(back, Role.GRADIENT, box.key, card.key, frame=self.frames.backward(number), carries=carries)

    def divider(self, panel: Panel, y: float, frame: int) -> Wire:
        """The line in a box above its rules."""
        points = ((panel.x, y), (panel.right, y))
        return Wire(points, Role.MUTED, panel.key, panel.key, has_arrow=False, frame=frame)


def _nodes(signals: Signals) -> tuple[int, ...]:
    return tuple(signal.node for signal in signals)


def _returning(signals: Signals, box: int) -> tuple[Signal, ...]:
    """The signals whose gradient comes back from a box."""
    return tuple(signal for signal in signals if box in signal.returns)
