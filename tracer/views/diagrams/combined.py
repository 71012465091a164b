"""Forward and backward in one diagram: a box per value with its gradient, and local rules on the arrows back.

Black arrows carry values forward. Coloured arrows carry gradients back along the same paths, labelled with the rule that is
applied to the incoming gradient `g`. The gradients of a value with several uses are added at a plus.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tracer.graph.losses import gradients_of
from tracer.graph.record import Node, Phase, Step
from tracer.ops.elementwise import Elementwise
from tracer.ops.foreign.lookup import operation_named
from tracer.views.diagrams.alarms import gradient_alarms
from tracer.views.diagrams.arranging.cells import in_order
from tracer.views.diagrams.arranging.columns import in_columns
from tracer.views.diagrams.arranging.destinations import destination, users_of
from tracer.views.diagrams.arranging.shared import shared_leaves, side_column, uses_lines
from tracer.views.diagrams.boxes import box_key, fold_box, node_box, note_box, reference_box, uses_label
from tracer.views.diagrams.clusters import clusters_of
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.folding import Fold, Part, ids_of, own_leaves
from tracer.views.diagrams.theme import Flow, Kind, Style, kind_of
from tracer.views.grids import wrapped
from tracer.views.local_rules import LocalRule
from tracer.views.notation import Labels

MAX_REFERENCES = 8
"""Maximum number of reference boxes for the inputs of a node; the rest are counted."""

MAX_USES = 2
"""Maximum number of uses on other pages that a value shows individually; of more, only the count is shown."""

LABEL_WIDTH = 26
"""Maximum width of an arrow's label in characters."""


def forward_nodes(step: Step, labels: Labels | None = None) -> tuple[int, ...]:
    """The nodes of forward and loss, which the diagram shows as boxes."""
    labels = labels or Labels(step.nodes)
    return labels.rows(node.id for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS))


def combined(step: Step, parts: Sequence[Part], labels: Labels, rules: Sequence[LocalRule], style: Style) -> Diagram:
    """The diagram of these nodes and folds of forward and loss; `rules` are those of the whole step."""
    return _Builder(step, parts, labels, rules, style).build()


@dataclass(slots=True)
class _Builder:
    """Builds a diagram. `keys` maps nodes to the keys of their boxes, `plus_keys` to those of their pluses.

    `fold_keys` are the keys of the folds, `undrawn` the leaves that are only listed in the box of the fold that uses them,
    `shared` those at the side, of which each use has a small box. `users` are the operations that use a value, also elsewhere.
    """

    step: Step
    parts: Sequence[Part]
    labels: Labels
    rules: Sequence[LocalRule]
    style: Style
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)
    plus_keys: dict[tuple[int, str], str] = field(default_factory=dict)
    fold_keys: set[str] = field(default_factory=set)
    undrawn: set[int] = field(default_factory=set)
    shared: dict[int, int] = field(default_factory=dict)
    users: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def build(self) -> Diagram:
        """The finished diagram."""
        step, style = self.step, self.style
        self.keys = {id: box_key(ids_of(part)[0]) for part in self.parts for id in ids_of(part)}
        single = [part for part in self.parts if not isinstance(part, Fold)]
        self.fold_keys = {box_key(part.ids[0]) for part in self.parts if isinstance(part, Fold)}
        leaves = own_leaves(step, self.parts)
        self.undrawn = {leaf for listed in leaves.values() for leaf in listed}
        self.users = users_of(step, self.labels, (Phase.FORWARD, Phase.LOSS))
        self.shared = shared_leaves(step, self.parts, self.labels, self.undrawn)
        self._add_shared()
        for part in self.parts:
            first = step.nodes[ids_of(part)[0]]
            if isinstance(part, Fold):
                self._add_box(fold_box(step, part, kind_of(first), style, self.labels, leaves.get(first.id, ())))
            else:
                self._add_box(self._value_box(first))
        for part in self.parts:
            self._add_value_arrows(part)
        self._add_gradient_arrows()
        # A plus is in the cluster of its value: outside, the layout might not place it below the value.
        clusters = clusters_of(step, single, self._keys_of)
        hidden = sum(len(part.ids) for part in self.parts if isinstance(part, Fold))
        diagram = in_order(Diagram(tuple(self.boxes.values()), tuple(self.arrows), clusters, hidden))
        return in_columns(diagram, is_sideways=style.direction == "LR")

    def _keys_of(self, id: int) -> tuple[str, ...]:
        """The boxes that belong to a node."""
        return (box_key(id), *(key for (value, _), key in self.plus_keys.items() if value == id))

    def _add_box(self, box: Box) -> str:
        self.boxes.setdefault(box.key, box)
        return box.key

    def _value_box(self, node: Node) -> Box:
        """The box of a node, with the boxes on other pages that its value goes to."""
        box = node_box(self.step, node, self.labels, self.style)
        goes = destination(self.step, node.id, self.users.get(node.id, ()), self.keys, self.labels, self.style)
        return replace(box, lines=(*box.lines, *filter(None, [goes])))

    def _add_shared(self) -> None:
        """Add the boxes at the side."""
        terms: dict[int, Counter[str]] = defaultdict(Counter)
        for rule in self.rules:
            if rule.value in self.shared:
                terms[rule.value][rule.loss] += 1
        for id, uses in self.shared.items():
            box = node_box(self.step, self.step.nodes[id], self.labels, self.style, with_update=True)
            lines = (*box.lines, *uses_lines(uses, terms[id], self.style))
            self.keys[id] = self._add_box(replace(box, lines=lines))
        self.arrows += side_column([self.keys[id] for id in self.shared])

    def _add_value_arrows(self, part: Part) -> None:
        """Add an arrow for every use of a value; one for all uses between a fold and another box.

        Leaves are drawn in full, other nodes from elsewhere as references.
        """
        head = self.keys[ids_of(part)[0]]
        grouped: dict[str, list[int]] = {}
        references, elsewhere = set(), 0
        for id in ids_of(part):
            node = self.step.nodes[id]
            for operand in self.labels.operands(node):
                if operand in self.undrawn or (operand in references and isinstance(part, Fold)):
                    continue
                if operand in self.shared:
                    tail: str | None = self._reference(operand, ids_of(part)[0], "r")
                else:
                    tail = self.keys.get(operand) or self._leaf(operand)
                if tail is None:
                    references.add(operand)
                    elsewhere += 1
                    if elsewhere > MAX_REFERENCES:
                        continue
                    tail = self._reference(operand, id, "r")
                if tail == head:
                    continue
                if isinstance(part, Fold) or tail in self.fold_keys:
                    grouped.setdefault(tail, []).append(operand)
                else:
                    self.arrows.append(Arrow(tail, head, Flow.VALUE, self._broadcast_label(operand, node)))
        for tail, operands in grouped.items():
            self.arrows.append(Arrow(tail, head, Flow.VALUE, uses_label(operands, self.style)))
        if elsewhere > MAX_REFERENCES:
            more = self.style.tell("and {count} more", count=elsewhere - MAX_REFERENCES)
            self.arrows.append(Arrow(self._add_box(note_box(f"more_{head}", more)), head, Flow.VALUE))

    def _leaf(self, id: int) -> str | None:
        """The box of a leaf, created at its first use; None for other nodes."""
        node = self.step.nodes[id]
        if not node.is_leaf:
            return None
        self.keys[id] = self._add_box(node_box(self.step, node, self.labels, self.style, with_update=True))
        return self.keys[id]

    def _reference(self, id: int, beside: int, kind: str) -> str:
        # A reference box per use avoids long arrows.
        return self._add_box(reference_box(f"{kind}{id}_{beside}", self.step.nodes[id], self.labels, self.style))

    def _broadcast_label(self, operand: int, node: Node) -> tuple[str, ...]:
        """A label for each axis along which an elementwise operation broadcasts a value."""
        op = operation_named(node.op)
        shape = self.step.nodes[operand].shape
        if op is None or not issubclass(op, Elementwise) or not shape or operand not in node.operands:
            return ()
        padded = (1,) * (len(node.shape) - len(shape)) + tuple(shape)
        axes = [axis for axis, (inner, outer) in enumerate(zip(padded, node.shape, strict=True)) if inner != outer]
        return tuple(self.style.tell("axis {axis} stretched to {size}", axis=axis, size=node.shape[axis]) for axis in axes)

    def _add_gradient_arrows(self) -> None:
        """Add the arrows back into every box with a gradient, to a plus if the gradient is a sum."""
        rules_of: dict[tuple[int, str], list[LocalRule]] = defaultdict(list)
        inside: dict[str, list[LocalRule]] = defaultdict(list)
        at_use: dict[str, list[LocalRule]] = defaultdict(list)
        for rule in self.rules:
            head = self.keys.get(rule.value)
            if rule.value in self.shared and rule.user in self.keys:
                # The box of the user is that of the first of its nodes.
                beside = f"r{rule.value}_{self.keys[rule.user].removeprefix('n')}"
                at_use[beside].append(rule)
            elif head in self.fold_keys:
                assert head is not None
                inside[head].append(rule)
            elif head is not None:
                rules_of[rule.value, rule.loss].append(rule)
        for (value, loss), rules in rules_of.items():
            head = self.keys[value]
            self._add_arrows_back(rules, self._plus(value, loss, head) if len(rules) > 1 else head)
        for beside, rules in at_use.items():
            self._add_arrows_back(rules, beside)
        for head, rules in inside.items():
            self._add_arrows_back([rule for rule in rules if self.keys.get(rule.user) != head], head)

    def _add_arrows_back(self, rules: Sequence[LocalRule], head: str) -> None:
        """Add an arrow with its rule for every use of the value of a box, or of the values of a fold."""
        elsewhere = [rule for rule in rules if rule.user not in self.keys]
        grouped: dict[str, list[LocalRule]] = {}
        if len(elsewhere) > MAX_USES:
            # The value is also drawn on the pages of its other uses.
            more = self.style.tell("{count} uses on other pages", count=len(elsewhere))
            note = self._add_box(note_box(f"back_{head}", more))
            self.arrows.append(Arrow(note, head, Flow.GRADIENT, is_backward=True))
            elsewhere = []
        for rule in [rule for rule in rules if rule.user in self.keys] + elsewhere:
            tail = self.keys.get(rule.user) or self._reference(rule.user, rule.value, "u")
            if head in self.fold_keys or tail in self.fold_keys:
                grouped.setdefault(tail, []).append(rule)
            else:
                self.arrows.append(Arrow(tail, head, Flow.GRADIENT, _label(rule), is_backward=True))
        for tail, members in grouped.items():
            self.arrows.append(Arrow(tail, head, Flow.GRADIENT, self._rules_label(members), is_backward=True))

    def _rules_label(self, rules: Sequence[LocalRule]) -> tuple[str, ...]:
        """The rule of the only use, or the number of gradients or terms of one gradient."""
        if len(rules) == 1:
            return _label(rules[0])
        values = len({(rule.value, rule.loss) for rule in rules})
        tell = self.style.tell
        return (tell.count(values, "gradient") if values > 1 else tell.count(len(rules), "term"),)

    def _plus(self, value: int, loss: str, head: str) -> str:
        name = self.labels[value]
        tip = self.style.tell("the gradients that flow back to {name} are added up", name=name)
        # Of several losses, the gradient of a value is one of several, whose sums have the same name.
        gradients = [] if loss else [self.step.nodes[id] for id in gradients_of(self.step, value)]
        alarms = gradient_alarms(gradients, self.style.tell)
        key = self.plus_keys[value, loss] = self._add_box(Box(f"plus{value}{loss}", Kind.PLUS, "+", tip=tip, alarms=alarms))
        self.arrows.append(Arrow(key, head, Flow.GRADIENT, is_backward=True))
        return key


def _label(rule: LocalRule) -> tuple[str, ...]:
    """The rule of a use as the label of its arrow, if it has one; in a step with several losses with the loss before it."""
    rule_lines = wrapped(rule.text, LABEL_WIDTH) if rule.text else ()
    return (*((f"{rule.loss}:" if rule.text else rule.loss,) if rule.loss else ()), *rule_lines)
