"""Forward and backward in one diagram: a box per value with its gradient, and local rules on the arrows back.

Black arrows carry values forward. Coloured arrows carry gradients back along the same ways, each with the rule that is applied to
the gradient `g` which arrives there. Where a value is used several times its gradients join at a plus.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tracer.graph.record import Node, Phase, Step
from tracer.ops import registry
from tracer.ops.elementwise import Elementwise
from tracer.views.diagrams.boxes import box_key, fold_box, node_box, note_box, reference_box
from tracer.views.diagrams.clusters import frames_of
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.folding import Fold, Part, ids_of
from tracer.views.diagrams.theme import Flow, Kind, Style, kind_of
from tracer.views.grids import wrapped
from tracer.views.local_rules import LocalRule
from tracer.views.notation import Labels

MOST_REFERENCES = 8
"""Values from elsewhere that a node shows one by one."""

MOST_USES = 2
"""Uses on other pages that a value shows one by one."""

LABEL_WIDTH = 26
"""Characters of a line of a label on an arrow."""


def forward_nodes(step: Step) -> tuple[int, ...]:
    """The operations of forward and loss, which the picture has as boxes."""
    return tuple(node.id for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS))


def combined(step: Step, parts: Sequence[Part], labels: Labels, rules: Sequence[LocalRule], style: Style) -> Diagram:
    """The picture of these operations of forward and loss, and of folds of them; `rules` are those of the whole step."""
    return _Combined(step, parts, labels, rules, style).draw()


@dataclass(slots=True)
class _Combined:
    """A picture while it is made."""

    step: Step
    parts: Sequence[Part]
    labels: Labels
    rules: Sequence[LocalRule]
    style: Style
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)
    pluses: dict[int, str] = field(default_factory=dict)

    def draw(self) -> Diagram:
        """The finished picture."""
        step, style = self.step, self.style
        self.places = {id: box_key(ids_of(part)[0]) for part in self.parts for id in ids_of(part)}
        single = [part for part in self.parts if not isinstance(part, Fold)]
        for part in self.parts:
            first = step.nodes[ids_of(part)[0]]
            if isinstance(part, Fold):
                self._add(fold_box(part.ids, part.what, kind_of(first), style))
            else:
                self._add(node_box(step, first, self.labels, style))
        for part in self.parts:
            self._values_into(part)
        self._gradients_back()
        # A plus stands in the frame of its value: between frames it would lose its place below it.
        frames = frames_of(step, single, lambda id: (box_key(id), self.pluses[id]) if id in self.pluses else (box_key(id),))
        hidden = sum(len(part.ids) for part in self.parts if isinstance(part, Fold))
        return Diagram(tuple(self.boxes.values()), tuple(self.arrows), frames, hidden)

    def _add(self, box: Box) -> str:
        self.boxes.setdefault(box.key, box)
        return box.key

    def _values_into(self, part: Part) -> None:
        """A black arrow for every use of a value; leaves are drawn in full, other values of elsewhere as small boxes."""
        head = self.places[ids_of(part)[0]]
        shown, elsewhere = set(), 0
        for id in ids_of(part):
            node = self.step.nodes[id]
            for operand in node.operands:
                tail = self.places.get(operand) or self._leaf(operand)
                if tail is None:
                    elsewhere += 1
                    if elsewhere > MOST_REFERENCES:
                        continue
                    tail = self._reference(operand, id, "r")
                if tail == head or (isinstance(part, Fold) and tail in shown):
                    continue
                shown.add(tail)
                label = () if isinstance(part, Fold) else self._stretched(operand, node)
                self.arrows.append(Arrow(tail, head, Flow.VALUE, label))
        if elsewhere > MOST_REFERENCES:
            more = self.style.tell("and {count} more", count=elsewhere - MOST_REFERENCES)
            self.arrows.append(Arrow(self._add(note_box(f"more_{head}", more)), head, Flow.VALUE))

    def _leaf(self, id: int) -> str | None:
        """The box of a leaf, made where it is first used; nothing for what another operation computed."""
        node = self.step.nodes[id]
        if not node.is_leaf:
            return None
        self.places[id] = self._add(node_box(self.step, node, self.labels, self.style, with_update=True))
        return self.places[id]

    def _reference(self, id: int, beside: int, kind: str) -> str:
        # A small box of its own for every use keeps long arrows out of the picture.
        return self._add(reference_box(f"{kind}{id}_{beside}", self.step.nodes[id], self.labels, self.style))

    def _stretched(self, operand: int, node: Node) -> tuple[str, ...]:
        """Along which axes a value is repeated to fit the others of an elementwise operation."""
        op = registry.named(node.op)
        shape = self.step.nodes[operand].shape
        if op is None or not issubclass(op, Elementwise) or not shape:
            return ()
        padded = (1,) * (len(node.shape) - len(shape)) + tuple(shape)
        axes = [axis for axis, (inner, outer) in enumerate(zip(padded, node.shape, strict=True)) if inner != outer]
        return tuple(self.style.tell("axis {axis} stretched to {size}", axis=axis, size=node.shape[axis]) for axis in axes)

    def _gradients_back(self) -> None:
        """A coloured arrow with its rule for every way a gradient came, over a plus where several of them join."""
        ways: dict[int, list[LocalRule]] = defaultdict(list)
        for rule in self.rules:
            if rule.value in self.places:
                ways[rule.value].append(rule)
        for value, rules in ways.items():
            head = self.places[value]
            outside = [rule for rule in rules if self.places.get(rule.user) != head]
            if len(rules) > 1 and outside:
                head = self._plus(value, head)
            here = [rule for rule in outside if rule.user in self.places]
            elsewhere = [rule for rule in outside if rule.user not in self.places]
            if len(elsewhere) > MOST_USES:
                # The same value stands on the pages of its other uses.
                more = self.style.tell("{count} uses on other pages", count=len(elsewhere))
                note = self._add(note_box(f"back_{value}", more))
                self.arrows.append(Arrow(note, head, Flow.GRADIENT, is_backward=True))
                elsewhere = []
            for rule in here + elsewhere:
                tail = self.places.get(rule.user) or self._reference(rule.user, value, "u")
                label = tuple(wrapped(rule.text, LABEL_WIDTH))
                arrow = Arrow(tail, head, Flow.GRADIENT, label, is_backward=True)
                if arrow not in self.arrows or not self._is_fold(tail):
                    self.arrows.append(arrow)

    def _is_fold(self, key: str) -> bool:
        return any(isinstance(part, Fold) and key == box_key(part.ids[0]) for part in self.parts)

    def _plus(self, value: int, head: str) -> str:
        name = self.labels[value]
        tip = self.style.tell("the gradients of all uses of {name} are added up", name=name)
        key = self.pluses[value] = self._add(Box(f"plus{value}", Kind.PLUS, "+", tip=tip))
        arrow = Arrow(key, head, Flow.GRADIENT, is_backward=True)
        if arrow not in self.arrows:
            self.arrows.append(arrow)
        return key
