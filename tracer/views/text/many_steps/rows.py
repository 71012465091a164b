"""What the log says of a node in every step of a structure: all but its numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracer.graph.expression import Derivative
from tracer.graph.losses import passes, symbol_of
from tracer.graph.missing import mark_message
from tracer.graph.record import Node, Phase, Step
from tracer.i18n.language import Language
from tracer.views.aligned_text import padded
from tracer.views.notation import MAX_FULL_SIZE, Labels, kind_text, number_in
from tracer.views.text.many_steps.number_texts import Numbers
from tracer.views.worked import worked_element

if TYPE_CHECKING:
    from tracer.views.text.many_steps.worked_plans import WorkedPlans

EQUATION_WIDTH = 48
SHAPES_WIDTH = 30
MAX_DATA_SIZE = 64
"""Maximum size of an array of data that is written in full: what is computed can be followed from there."""

MAX_ALSO_NAMES = 4
"""Maximum number of names listed for values that share a gradient; the rest are counted."""

MIN_PLANNED = 500
"""Number of operations from which plans are worth it in a single step: many operations are alike."""

STEP = "\0"
"""Stands for the number of the step in a text: none contains it."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the log says of a node in every step, with `STEP` for the number of the step.

    `equation` includes number and shapes, `note` is the last column, `mark` what the record does not know. With `is_in_full`,
    the numbers are written and not their statistics. `has_norm` is true for gradients.
    """

    equation: str
    note: str
    mark: str
    is_in_full: bool
    has_norm: bool

    @property
    def has_statistics(self) -> bool:
        """Whether statistics of the value are written."""
        return self.has_norm or not self.is_in_full


class LogRows:
    """What the log says of the nodes of a step, and of those with the same structure; and how elements are worked out."""

    def __init__(self, step: Step, digits: int, tell: Language) -> None:
        self.digits = digits
        self.tell = tell
        self._worked: set[int] = set()
        self._plans: WorkedPlans | None = None
        self._labels = Labels(step.nodes).of_step(())  # without values: do not keep a finished step's arrays alive
        self._size = len(step.nodes)
        self._maps = _maps_of(step)
        self._marks = dict(step.marks)
        self._derived: dict[int, list[tuple[int, str]]] = defaultdict(list)
        """The values that a node is the gradient of, with the symbol of the loss."""
        for one in passes(step):
            for of, gradient in one.gradients.items():
                self._derived[gradient].append((of, symbol_of(step, one)))
        self._rows: dict[int, Row] = {}

    def are_of(self, step: Step) -> bool:
        """Whether a step with these nodes also has these gradients and marks."""
        return _maps_of(step) == self._maps

    def labels(self, nodes: Sequence[Node]) -> Labels:
        """The labels of the nodes of a step."""
        return self._labels.of_step(nodes)

    def row(self, node: Node, labels: Labels) -> Row:
        """What the log says of a node; `labels` are those of its step."""
        row = self._rows.get(node.id)
        if row is None:
            row = self._rows[node.id] = self._fixed_row(node, labels)
        return row

    def worked(self, nodes: Sequence[Node], node: Node, labels: Labels, numbers: Numbers) -> str:
        """The arithmetic of the first element of a node; empty if there is none. `labels` and `numbers` are those of its step."""
        # For a single step of few operations plans take longer.
        if node.id not in self._worked and self._size < MIN_PLANNED:
            self._worked.add(node.id)
            return worked_element(nodes, node, labels, None, self.digits, tell=self.tell)
        if self._plans is None:
            from tracer.views.text.many_steps.worked_plans import WorkedPlans

            self._plans = WorkedPlans(self.digits, self.tell)
        return self._plans.equation(nodes, node, labels, numbers)

    def _fixed_row(self, node: Node, labels: Labels) -> Row:
        equation, shapes = padded(labels.equation(node), EQUATION_WIDTH), padded(labels.shapes(node), SHAPES_WIDTH)
        is_gradient = node.phase is Phase.BACKWARD and node.gradient_of is not None
        mark = "" if is_gradient else self._marks.get(node.id, "")
        return Row(
            equation=f"{self._number(node.id)} {equation} {shapes}",
            note=self._gradient_note(node, labels) if is_gradient else self._place(node),
            mark=self.tell.message(mark_message(mark)) if mark else "",
            is_in_full=0 < node.size <= (MAX_DATA_SIZE if node.op == "data" else MAX_FULL_SIZE),
            has_norm=node.id in self._derived and node.size > 1,
        )

    def _number(self, id: int) -> str:
        return number_in(STEP, id, self._size)

    def _place(self, node: Node) -> str:
        """The kind of a leaf; the source and the scope of an operation."""
        if node.is_leaf and node.phase is Phase.INIT:
            return kind_text(node, self.tell)
        if node.phase is Phase.UPDATE and (node.source is None or node.source.file.startswith("tracer/")):
            return node.scope  # an optimizer of this package: its lines are irrelevant
        return " ".join(part for part in (str(node.source or ""), node.scope) if part)

    def _gradient_note(self, node: Node, labels: Labels) -> str:
        """The forward twin of a gradient, and what else it is the gradient of."""
        twin_id = node.gradient_of if node.rule_of is None else node.rule_of
        if twin_id is None:
            return ""
        twin = self._number(twin_id)
        known = [Derivative(labels.tree(of), loss).text for of, loss in self._derived.get(node.id, ())]
        others = [name for name in known if name != node.name]
        names, more = ", ".join(others[:MAX_ALSO_NAMES]), len(others) - MAX_ALSO_NAMES
        if more > 0:
            return self.tell("backward of {twin}, also {names} and {count} more", twin=twin, names=names, count=more)
        return (
            self.tell("backward of {twin}, also {names}", twin=twin, names=names)
            if others
            else self.tell("backward of {twin}", twin=twin)
        )


def _maps_of(step: Step) -> tuple[object, ...]:
    return dict(step.gradients), dict(step.losses), step.loss_id, dict(step.marks)
