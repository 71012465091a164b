"""A diagram of operations: a box per operation, an arrow per use of a value, a cluster per scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tracer.graph.record import PHASES, Node, Phase, Step
from tracer.views.diagrams.boxes import box_key, fold_box, node_box, note_box, reference_box
from tracer.views.diagrams.clusters import clusters_of
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.folding import Fold, Part, folded, ids_of
from tracer.views.diagrams.theme import Flow, Style, flow_of, kind_of
from tracer.views.notation import Labels

MAX_NODES = 300
"""Maximum number of boxes in a diagram; beyond it, operations are folded."""

MAX_REFERENCES = 8
"""Maximum number of reference boxes for the inputs of a node; the rest are counted."""

BOXES_PER_ROW = 4
"""Isolated boxes side by side in a row."""


def phase_nodes(step: Step, *phases: Phase) -> tuple[int, ...]:
    """The ids of the nodes of some phases."""
    return tuple(node.id for node in step.nodes if node.phase in phases)


def phase_diagrams(step: Step, style: Style, phases: Sequence[Phase] = PHASES[1:]) -> Iterator[tuple[Phase, Diagram]]:
    """A diagram of each of these phases that has nodes."""
    labels = Labels(step.nodes)
    for phase in phases:
        ids = phase_nodes(step, phase)
        if ids:
            yield phase, operations(step, folded(step, ids, MAX_NODES), labels, style)


def whole_step(step: Step, style: Style) -> Diagram:
    """A diagram of all operations of a step."""
    return operations(step, folded(step, range(len(step.nodes)), MAX_NODES), Labels(step.nodes), style)


def operations(step: Step, parts: Sequence[Part], labels: Labels, style: Style) -> Diagram:
    """Draw these nodes and folds. Leaves used by forward operations are drawn in full, other inputs as references."""
    return _Builder(step, parts, labels, style).build()


@dataclass(slots=True)
class _Builder:
    """Builds a diagram. `keys` maps nodes to the keys of their boxes, `references` to those of their inputs' references."""

    step: Step
    parts: Sequence[Part]
    labels: Labels
    style: Style
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)
    references: dict[int, list[str]] = field(default_factory=dict)

    def build(self) -> Diagram:
        """The finished diagram."""
        self.keys = {id: box_key(ids_of(part)[0]) for part in self.parts for id in ids_of(part)}
        single = [part for part in self.parts if not isinstance(part, Fold)]
        folds = [part for part in self.parts if isinstance(part, Fold)]
        for id in single:
            self.boxes.append(node_box(self.step, self.step.nodes[id], self.labels, self.style))
        for fold in folds:
            self.boxes.append(fold_box(fold.ids, fold.label, kind_of(self.step.nodes[fold.ids[0]]), self.style))
        for id in single:
            self._arrows_into(self.step.nodes[id])
        for fold in folds:
            self._arrows_into_fold(fold)
        self._stack(single)
        clusters = clusters_of(self.step, single)
        return Diagram(tuple(self.boxes), tuple(self.arrows), clusters, sum(len(fold.ids) for fold in folds))

    def _arrows_into(self, node: Node) -> None:
        """Add an arrow for every use of a value by a node, two if it is used twice."""
        references = 0
        for use, operand in enumerate(node.operands):
            source = self.step.nodes[operand]
            if operand not in self.keys and source.is_leaf and node.phase in (Phase.FORWARD, Phase.LOSS):
                self.boxes.append(node_box(self.step, source, self.labels, self.style))
                self.keys[operand] = box_key(operand)
            tail = self.keys.get(operand)
            if tail is None:
                references += 1
                if references > MAX_REFERENCES:
                    continue
                # A reference box per use avoids long arrows.
                tail = f"r{operand}_{node.id}_{use}"
                self.boxes.append(reference_box(tail, source, self.labels, self.style))
                self.references.setdefault(node.id, []).append(tail)
            self._arrow(tail, node)
        if references > MAX_REFERENCES:
            key = f"more_{node.id}"
            self.boxes.append(note_box(key, self.style.tell("and {count} more", count=references - MAX_REFERENCES)))
            self._arrow(key, node)

    def _arrow(self, tail: str, node: Node) -> None:
        self.arrows.append(Arrow(tail, self.keys[node.id], flow_of(node.phase)))

    def _stack(self, ids: Sequence[int]) -> None:
        """Arrange isolated boxes in rows; side by side, they would run off the page."""
        used = {operand for part in self.parts for id in ids_of(part) for operand in self.step.nodes[id].operands}
        isolated = [id for id in ids if id not in used and not any(x in self.keys for x in self.step.nodes[id].operands)]
        for above, below in zip(isolated, isolated[BOXES_PER_ROW:]):
            for head in self.references.get(below) or [box_key(below)]:
                self.arrows.append(Arrow(box_key(above), head, Flow.ORDER))

    def _arrows_into_fold(self, fold: Fold) -> None:
        """Add one arrow from every box with an input of the fold."""
        operands = (operand for id in fold.ids for operand in self.step.nodes[id].operands)
        first = self.step.nodes[fold.ids[0]]
        tails = dict.fromkeys(self.keys[operand] for operand in operands if operand in self.keys)
        for tail in tails:
            if tail != self.keys[first.id]:
                self._arrow(tail, first)
