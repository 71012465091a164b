"""What nodes and operations are called in sentences."""

from __future__ import annotations

from tracer.graph.expression import Expression, Name
from tracer.graph.record import Node, Step
from tracer.i18n.language import ENGLISH, Language
from tracer.ops.foreign.names import base_name
from tracer.views.notation import Labels, kind_text, node_number

MAX_LENGTH = 60
"""Maximum length of an expression of the code that stands for a node."""


def called(node: Node, labels: Labels, tell: Language = ENGLISH) -> str:
    """The label of a node; where that is a number only, the expression that computes it, or its operation or kind."""
    label = labels[node.id]
    if not label.startswith("#"):
        return label
    # The source of a derivative is that of the operation it belongs to.
    is_derivative = node.gradient_of is not None or node.rule_of is not None
    text = node.source.text if node.source is not None and not is_derivative else ""
    return text if 0 < len(text) <= MAX_LENGTH else base_name(node.op) or kind_text(node, tell)


def operation_name(node: Node) -> str:
    """The name of an operation: `div` of `aten.div.Tensor`."""
    return base_name(node.op) or node.op


class DistinctLabels(Labels):
    """Labels of which each is that of one node: the number of a node, as 0:08, where an earlier one has the same expression."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._seen: set[str] = set()
        self._numbered: set[int] = set()
        super().__init__(step.nodes)

    def _label(self, node: Node) -> Expression | None:
        label = super()._label(node)
        if label is None or node.is_leaf or self.is_folded(node.id):
            return label
        if label.text in self._seen:
            self._numbered.add(node.id)
            return Name(node_number(self._step, node.id))
        self._seen.add(label.text)
        return label

    def equation_tree(self, node: Node) -> Expression:
        """The node as an assignment; the formula of one that is called by its number."""
        return self.formula_tree(node) if node.id in self._numbered else super().equation_tree(node)
