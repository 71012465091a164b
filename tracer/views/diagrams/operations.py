"""A diagram of operations: a box each, an arrow per use of a value, a frame around every scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tracer.graph.record import PHASES, Node, Phase, Step
from tracer.views.diagrams.boxes import box_key, fold_box, node_box, note_box, reference_box
from tracer.views.diagrams.clusters import frames_of
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.folding import Fold, Part, folded, ids_of
from tracer.views.diagrams.theme import Flow, Style, flow_of, kind_of
from tracer.views.notation import Labels

MOST_NODES = 300
"""Boxes that a picture has; of more nodes, scopes and runs of operations are folded into a box each."""

MOST_REFERENCES = 8
"""Values from elsewhere that a node shows one by one."""

ROW_OF_LOOSE = 4
"""Boxes without arrows to others that stand side by side."""


def phase_nodes(step: Step, *phases: Phase) -> tuple[int, ...]:
    """The ids of the nodes of some phases."""
    return tuple(node.id for node in step.nodes if node.phase in phases)


def phase_sketches(step: Step, style: Style, phases: Sequence[Phase] = PHASES[1:]) -> Iterator[tuple[Phase, Diagram]]:
    """A picture of each of these phases in which something was computed."""
    labels = Labels(step.nodes)
    for phase in phases:
        ids = phase_nodes(step, phase)
        if ids:
            yield phase, operations(step, folded(step, ids, MOST_NODES), labels, style)


def whole_step(step: Step, style: Style) -> Diagram:
    """A picture of all operations of a step."""
    return operations(step, folded(step, range(len(step.nodes)), MOST_NODES), Labels(step.nodes), style)


def operations(step: Step, parts: Sequence[Part], labels: Labels, style: Style) -> Diagram:
    """Draw these nodes and folds. Leaves that forward operations use are drawn in full, other values as a small box."""
    return _Drawing(step, parts, labels, style).draw()


@dataclass(slots=True)
class _Drawing:
    """A picture while it is made: its boxes and arrows, and where each node of the step is drawn."""

    step: Step
    parts: Sequence[Part]
    labels: Labels
    style: Style
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)
    references: dict[int, list[str]] = field(default_factory=dict)

    def draw(self) -> Diagram:
        """The finished picture."""
        self.places = {id: box_key(ids_of(part)[0]) for part in self.parts for id in ids_of(part)}
        single = [part for part in self.parts if not isinstance(part, Fold)]
        folds = [part for part in self.parts if isinstance(part, Fold)]
        for id in single:
            self.boxes.append(node_box(self.step, self.step.nodes[id], self.labels, self.style))
        for fold in folds:
            self.boxes.append(fold_box(fold.ids, fold.what, kind_of(self.step.nodes[fold.ids[0]]), self.style))
        for id in single:
            self._arrows_into(self.step.nodes[id])
        for fold in folds:
            self._arrows_into_fold(fold)
        self._stack(single)
        frames = frames_of(self.step, single)
        return Diagram(tuple(self.boxes), tuple(self.arrows), frames, sum(len(fold.ids) for fold in folds))

    def _arrows_into(self, node: Node) -> None:
        """An arrow for every use of a value, two where it is used twice."""
        references = 0
        for use, operand in enumerate(node.operands):
            source = self.step.nodes[operand]
            if operand not in self.places and source.is_leaf and node.phase in (Phase.FORWARD, Phase.LOSS):
                self.boxes.append(node_box(self.step, source, self.labels, self.style))
                self.places[operand] = box_key(operand)
            tail = self.places.get(operand)
            if tail is None:
                references += 1
                if references > MOST_REFERENCES:
                    continue
                # A small box of its own for every use keeps long arrows out of the picture.
                tail = f"r{operand}_{node.id}_{use}"
                self.boxes.append(reference_box(tail, source, self.labels, self.style))
                self.references.setdefault(node.id, []).append(tail)
            self._arrow(tail, node)
        if references > MOST_REFERENCES:
            key = f"more_{node.id}"
            self.boxes.append(note_box(key, self.style.tell("and {count} more", count=references - MOST_REFERENCES)))
            self._arrow(key, node)

    def _arrow(self, tail: str, node: Node) -> None:
        self.arrows.append(Arrow(tail, self.places[node.id], flow_of(node.phase)))

    def _stack(self, ids: Sequence[int]) -> None:
        """Put boxes that no arrow ties to another box into rows; side by side they would run off the page."""
        tied = {operand for part in self.parts for id in ids_of(part) for operand in self.step.nodes[id].operands}
        loose = [id for id in ids if id not in tied and not any(x in self.places for x in self.step.nodes[id].operands)]
        for above, below in zip(loose, loose[ROW_OF_LOOSE:]):
            for head in self.references.get(below) or [box_key(below)]:
                self.arrows.append(Arrow(box_key(above), head, Flow.ORDER))

    def _arrows_into_fold(self, fold: Fold) -> None:
        """One arrow from every box of the picture that feeds the fold."""
        operands = (operand for id in fold.ids for operand in self.step.nodes[id].operands)
        first = self.step.nodes[fold.ids[0]]
        tails = dict.fromkeys(self.places[operand] for operand in operands if operand in self.places)
        for tail in tails:
            if tail != self.places[first.id]:
                self._arrow(tail, first)
