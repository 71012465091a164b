"""What the pages of a summary share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tracer.graph.record import Node, Phase, Step, Trace
from tracer.views.booklet.summary.example import Example, largest_element
from tracer.views.booklet.summary.followed import Followed
from tracer.views.diagrams.theme import Style
from tracer.views.explaining.next_commands import RunNames
from tracer.views.notation import Labels, node_number


@dataclass(frozen=True, slots=True)
class Subject:
    """The run, and the step that is followed through the pages."""

    trace: Trace
    step: Step
    labels: Labels
    style: Style
    names: RunNames
    sample: int = 0
    """The row of the data that is followed."""
    followed: Followed = field(default_factory=Followed)
    """The elements of the gradients that are worked out."""

    def example(self, gradient: Node) -> Example | None:
        """The element of a gradient that is worked out: one that is followed, or else the largest."""
        index = self.followed.elements.get(gradient.id)
        if index is None:
            return largest_element(gradient, self.labels)
        return Example(gradient, index, self.labels.element(gradient.id, index))

    def number(self, id: int) -> str:
        """The number of a node, by which log and commands find it."""
        return node_number(self.step, id)

    def place(self, node: Node) -> str:
        """Where an operation comes from: its number, line and scope."""
        source = str(node.source) if node.source is not None else ""
        return "   ".join(part for part in (self.number(node.id), source, node.scope) if part)

    def shown(self, *phases: Phase) -> list[Node]:
        """The operations of some phases that stand for themselves: not those that formulas contain as a short expression."""
        nodes = [node for node in self.step.nodes if node.phase in phases and not node.is_leaf]
        named = [node for node in nodes if not self.labels.is_inlined(node.id) and not self.labels.is_folded(node.id)]
        return named or nodes

    def data(self) -> Sequence[Node]:
        """The data that the step starts from."""
        return [node for node in self.step.nodes if node.op == "data"]
