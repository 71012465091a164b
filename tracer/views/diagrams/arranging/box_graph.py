"""The boxes of a diagram as a graph from top to bottom, to which invisible arrows are added that close no cycle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tracer.analysis.ranks import ranks_of
from tracer.views.diagrams.diagram import Arrow, Diagram
from tracer.views.diagrams.theme import Flow

Edge = tuple[str, str]


def ends(arrow: Arrow) -> Edge:
    """The box above and the box below. An arrow back runs upwards: its tail is below its head."""
    return (arrow.head, arrow.tail) if arrow.is_backward else (arrow.tail, arrow.head)


class BoxGraph:
    """What is below and above of each box, in order; and the invisible arrows that were added."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self.below: dict[str, dict[str, None]] = {box.key: {} for box in diagram.boxes}
        self.above: dict[str, dict[str, None]] = {box.key: {} for box in diagram.boxes}
        self._added: list[Edge] = []
        for arrow in diagram.arrows:
            if not arrow.is_unconstrained:
                self._link(*ends(arrow))

    def _link(self, above: str, below: str) -> None:
        if above != below:
            self.below[above][below] = None
            self.above[below][above] = None

    def place_below(self, above: str, below: str) -> None:
        """Place a box below another, unless it leads to that."""
        if below not in self.below[above] and not self._leads_to(below, above):
            self._link(above, below)
            self._added.append((above, below))

    def _leads_to(self, start: str, end: str) -> bool:
        seen, pending = {start}, [start]
        while pending:
            key = pending.pop()
            if key == end:
                return True
            pending += [other for other in self.below[key] if other not in seen]
            seen.update(self.below[key])
        return False

    def arranged(self) -> Diagram:
        """The diagram with the invisible arrows."""
        return replace(self._diagram, arrows=self._diagram.arrows + tuple(Arrow(*edge, Flow.ORDER) for edge in self._added))

    def components(self) -> list[list[str]]:
        """The boxes that are connected, in order."""
        parts: list[list[str]] = []
        part_of: dict[str, int] = {}
        for start in self.below:
            if start in part_of:
                continue
            pending, part_of[start] = [start], len(parts)
            while pending:
                key = pending.pop()
                for other in (*self.below[key], *self.above[key]):
                    if other not in part_of:
                        part_of[other] = len(parts)
                        pending.append(other)
            parts.append([])
        for key in self.below:
            parts[part_of[key]].append(key)
        return parts

    def ranks(self, part: Iterable[str]) -> dict[str, int]:
        """The ranks of some boxes among each other."""
        inside = dict.fromkeys(part, 0)
        return inside | ranks_of((key, under) for key in inside for under in self.below[key] if under in inside)

    def highest(self, part: Sequence[str]) -> list[str]:
        """The boxes of a part that none of it leads to."""
        inside = set(part)
        return [key for key in part if inside.isdisjoint(self.above[key])]

    def lowest(self, part: Sequence[str]) -> str:
        """The lowest box of a part, the first of several."""
        ranks = self.ranks(part)
        return max(part, key=ranks.__getitem__)
