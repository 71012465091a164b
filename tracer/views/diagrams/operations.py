"""A diagram of operations: a box per operation, an arrow per use of a value, a cluster per scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tracer.graph.record import PHASES, Phase, Step
from tracer.views.diagrams.arranging.cells import in_order
from tracer.views.diagrams.arranging.columns import in_columns
from tracer.views.diagrams.arranging.destinations import destination, origin, users_of
from tracer.views.diagrams.arranging.settings import Settings, settings_box, settings_of
from tracer.views.diagrams.arranging.shared import shared_leaves, side_column, uses_lines
from tracer.views.diagrams.boxes import box_key, fold_box, node_box, note_box, reference_box, uses_label
from tracer.views.diagrams.clusters import clusters_of
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.folding import Fold, Part, folded, ids_of, own_leaves
from tracer.views.diagrams.theme import Style, flow_of, kind_of
from tracer.views.notation import Labels

MAX_NODES = 300
"""Maximum number of boxes in a diagram; beyond it, operations are folded."""

MAX_REFERENCES = 8
"""Maximum number of reference boxes for the inputs of a node; the rest are counted."""


def phase_nodes(step: Step, *phases: Phase) -> tuple[int, ...]:
    """The ids of the nodes of some phases."""
    return tuple(node.id for node in step.nodes if node.phase in phases)


def phase_diagrams(step: Step, style: Style, phases: Sequence[Phase] = PHASES[1:]) -> Iterator[tuple[Phase, Diagram]]:
    """A diagram of each of these phases that has nodes."""
    labels = Labels(step.nodes)
    for phase in phases:
        ids = labels.rows(phase_nodes(step, phase))
        if ids:
            yield phase, operations(step, folded(step, ids, MAX_NODES), labels, style)


def whole_step(step: Step, style: Style) -> Diagram:
    """A diagram of all operations of a step."""
    labels = Labels(step.nodes)
    return operations(step, folded(step, labels.rows(range(len(step.nodes))), MAX_NODES), labels, style)


def operations(step: Step, parts: Sequence[Part], labels: Labels, style: Style) -> Diagram:
    """Draw these nodes and folds. Leaves used by forward operations are drawn in full, other inputs as references."""
    return _Builder(step, parts, labels, style).build()


@dataclass(slots=True)
class _Builder:
    """Builds a diagram. `keys` maps nodes to the keys of their boxes, `references` to those of their inputs' references.

    `fold_keys` are the keys of the folds, `undrawn` the leaves that are only listed in the box of the fold that uses them,
    `shared` those at the side, of which each use has a small box, and `settings` those in a box of their own.
    `users` are the operations that use a value, also elsewhere.
    """

    step: Step
    parts: Sequence[Part]
    labels: Labels
    style: Style
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)
    references: dict[int, list[str]] = field(default_factory=dict)
    fold_keys: set[str] = field(default_factory=set)
    undrawn: set[int] = field(default_factory=set)
    shared: dict[int, int] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    users: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def build(self) -> Diagram:
        """The finished diagram."""
        step = self.step
        self.settings = settings_of(step, self.parts, self.labels)
        leaves = own_leaves(step, self.parts)
        self.undrawn = {leaf for listed in leaves.values() for leaf in listed}
        self.shared = shared_leaves(step, self.parts, self.labels, self.undrawn)
        self.users = users_of(step, self.labels)
        self._add_side()
        self.parts = [part for part in self.parts if part not in self.settings.given and part not in self.shared]
        self.keys |= {id: box_key(ids_of(part)[0]) for part in self.parts for id in ids_of(part)}
        single = [part for part in self.parts if not isinstance(part, Fold)]
        folds = [part for part in self.parts if isinstance(part, Fold)]
        self.fold_keys = {box_key(fold.ids[0]) for fold in folds}
        for id in single:
            self.boxes.append(self._box(id))
        for fold in folds:
            first = step.nodes[fold.ids[0]]
            self.boxes.append(fold_box(step, fold, kind_of(first), self.style, self.labels, leaves.get(first.id, ())))
        for id in single:
            self._arrows_into(id)
        for fold in folds:
            self._arrows_into(fold)
        # What a node uses from elsewhere is in its cluster: outside, arrows to it would cross others.
        clusters = clusters_of(step, single, lambda id: (box_key(id), *self.references.get(id, ())))
        hidden = sum(len(fold.ids) for fold in folds)
        diagram = Diagram(tuple(self.boxes), tuple(self.arrows), clusters, hidden)
        return in_columns(in_order(diagram), is_sideways=self.style.direction == "LR")

    def _add_side(self) -> None:
        """Add the boxes at the side: the settings, and the leaves that many boxes share."""
        if self.settings.given:
            self.boxes.append(settings_box(self.step, self.settings, self.labels, self.style))
        for id, uses in self.shared.items():
            box = node_box(self.step, self.step.nodes[id], self.labels, self.style)
            self.boxes.append(replace(box, lines=(*box.lines, *uses_lines(uses, {}, self.style))))
            self.keys[id] = box.key
        self.arrows += side_column([box.key for box in self.boxes])

    def _box(self, id: int) -> Box:
        """The box of a node, with where its value goes from the picture; of one of settings alone, with the number of uses."""
        node, uses = self.step.nodes[id], self.settings.derived.get(id, 0)
        box = node_box(self.step, node, self.labels, self.style)
        lines = list(uses_lines(uses, {}, self.style)) if uses > 1 else []
        if not node.is_leaf:
            lines.append(destination(self.step, id, self.users.get(id, ()), self.keys, self.labels, self.style))
        return replace(box, lines=(*box.lines, *filter(None, lines)))

    def _arrows_into(self, part: Part) -> None:
        """Add an arrow for every use of a value, two if it is used twice; one for all uses between a fold and another box."""
        head = self.keys[ids_of(part)[0]]
        first = self.step.nodes[ids_of(part)[0]]
        grouped: dict[str, list[int]] = {}
        referred: dict[int, str] = {}
        references = 0
        for id in ids_of(part):
            for use, operand in enumerate(self.labels.operands(self.step.nodes[id])):
                if operand in self.undrawn:
                    continue
                if operand in referred and isinstance(part, Fold):
                    if operand in self.shared:
                        grouped[referred[operand]].append(operand)
                    continue
                if self.settings.stands_once(operand, id):
                    continue
                is_shared = operand in self.shared
                tail = None if is_shared else self.keys.get(operand) or self._leaf(operand, first.phase)
                if tail is None:
                    references += not is_shared
                    # A reference box per use avoids long arrows.
                    tail = referred[operand] = f"r{operand}_{id}_{use}"
                    if references > MAX_REFERENCES and not is_shared:
                        continue
                    box = reference_box(tail, self.step.nodes[operand], self.labels, self.style)
                    comes = "" if is_shared else origin(self.step.nodes[operand], self.step.nodes[id], self.style)
                    self.boxes.append(replace(box, lines=(*box.lines, *filter(None, [comes]))))
                    self.references.setdefault(first.id, []).append(tail)
                if tail == head:
                    continue
                if isinstance(part, Fold) or tail in self.fold_keys:
                    grouped.setdefault(tail, []).append(operand)
                else:
                    self.arrows.append(Arrow(tail, head, flow_of(first.phase)))
        for tail, operands in grouped.items():
            self.arrows.append(Arrow(tail, head, flow_of(first.phase), uses_label(operands, self.style)))
        if references > MAX_REFERENCES:
            key = f"more_{first.id}"
            self.boxes.append(note_box(key, self.style.tell("and {count} more", count=references - MAX_REFERENCES)))
            self.arrows.append(Arrow(key, head, flow_of(first.phase)))

    def _leaf(self, id: int, phase: Phase) -> str | None:
        """The box of a leaf used by the forward pass or the loss, created at its first use; None for other nodes."""
        node = self.step.nodes[id]
        if not node.is_leaf or phase not in (Phase.FORWARD, Phase.LOSS):
            return None
        self.boxes.append(node_box(self.step, node, self.labels, self.style))
        self.keys[id] = box_key(id)
        return self.keys[id]
