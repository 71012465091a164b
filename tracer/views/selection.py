"""Selects parts of a trace: steps, phases, nodes by name, single elements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tracer.arguments import folded
from tracer.errors import UsageError, close_names
from tracer.graph.losses import gradient_of_one_loss
from tracer.graph.paths import new_name
from tracer.graph.record import Node, Phase, Step
from tracer.views.notation import Labels, index_text, shape_text

_ELEMENT = re.compile(r"(?P<name>.+)\[(?P<index>\s*-?\d+\s*(?:,\s*-?\d+\s*)*)\]")
_NUMBER = re.compile(r"#?(?:(?P<step>\d+)[:.])?(?P<id>\d+)")
"""The number of a node: `17`, `#17`, `0:17`, or `0.17` as in logs of before."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a node: its name and the index."""

    name: str
    index: tuple[int, ...]

    def in_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The index with negative positions resolved. Raises UsageError if it is out of bounds.

        >>> Element("W", (0, -1)).in_shape((2, 4))
        (0, 3)
        """
        if len(self.index) != len(shape) or not all(-side <= at < side for at, side in zip(self.index, shape)):
            raise UsageError(f"{self.name} has the shape {shape_text(shape)}: there is no element {index_text(self.index)}")
        return tuple(at % side for at, side in zip(self.index, shape))


def element_of(text: str) -> Element | None:
    """The element that a text denotes; None if it denotes none.

    >>> element_of("W1[0, 2]"), element_of("dL/d(x @ W)[-1]"), element_of("W1"), element_of("x[1:2]")
    (Element(name='W1', index=(0, 2)), Element(name='dL/d(x @ W)', index=(-1,)), None, None)
    """
    found = _ELEMENT.fullmatch(text.strip())
    return Element(found["name"], tuple(map(int, found["index"].split(",")))) if found else None


@dataclass(frozen=True, slots=True)
class Selection:
    """Nodes selected by phase, by name pattern (`h*`) or by number, and the elements to work out instead of the first.

    A watched element is also watched in the gradient and the new value of its node. `is_whole` is False if only
    some steps, phases or nodes are shown.
    """

    phases: tuple[Phase, ...] = ()
    patterns: tuple[str, ...] = ()
    watched: tuple[Element, ...] = ()
    is_whole: bool = True

    @property
    def has_metrics(self) -> bool:
        """True if metrics are shown: the selection is not limited to some nodes."""
        return not self.phases and not self.patterns

    def shows(self, step: Step, node: Node, label: str) -> bool:
        """True if a node of a step is selected."""
        if self.phases and node.phase not in self.phases:
            return False
        return not self.patterns or any(_matches(step, node, label, pattern) for pattern in self.patterns)

    def watched_index(self, node: Node) -> tuple[int, ...] | None:
        """The index of the watched element of this node; None if no element is watched."""
        for element in self.watched:
            name = folded(element.name)
            if gradient_of_one_loss(folded(node.name)) in (name, f"dL/d{name}", f"dL/d({name})", new_name(name)):
                return element.in_shape(node.shape)
        return None

    def check(self, step: Step) -> None:
        """Raise UsageError if a pattern matches no node of a step, or an element does not exist."""
        labels = Labels(step.nodes)
        for pattern in self.patterns:
            if number_of_step(pattern) not in (None, step.index):
                continue  # of another step
            if not any(_matches(step, node, labels[node.id], pattern) for node in step.nodes):
                names = [node.name for node in step.nodes if node.name]
                raise UsageError(f"no node of step {step.index} is called {pattern!r}{close_names(pattern, names)}")
        for element in self.watched:
            element.in_shape(node_of(step, element.name, labels).shape)


EVERYTHING = Selection()


def number_of_step(text: str) -> int | None:
    """The step that the number of a node is of; None for other texts.

    >>> number_of_step("3:044"), number_of_step("3.044[0,1]"), number_of_step("#44"), number_of_step("W1")
    (3, 3, None, None)
    """
    found = _NUMBER.fullmatch(element.name if (element := element_of(text)) is not None else text)
    return int(found["step"]) if found and found["step"] else None


def _matches(step: Step, node: Node, label: str, pattern: str) -> bool:
    """True if a pattern matches the name of a node, or is its label or its number."""
    pattern, name = folded(pattern), folded(node.name)
    if folded(label) == pattern:
        return True
    number = _NUMBER.fullmatch(pattern)
    if number:
        return int(number["id"]) == node.id and number["step"] in (None, str(step.index))
    # The brackets of a pattern are those of a name such as layers[0].W, or a set of characters.
    return bool(name) and (fnmatchcase(name, pattern) or fnmatchcase(name, pattern.replace("[", "[[]")))


def node_of(step: Step, text: str, labels: Labels) -> Node:
    """Find a node by name, expression, or number (`17`, `#17`, `0:17`).

    Raises UsageError with close names if there is none.
    """
    text = folded(text)
    for node in step.nodes:
        if folded(labels[node.id]) == text:
            return node
    number = _NUMBER.fullmatch(text)
    if number and int(number["id"]) < len(step.nodes):
        return step.nodes[int(number["id"])]
    if number:
        raise UsageError(f"step {step.index} has no node {text!r}: its nodes are 0 to {len(step.nodes) - 1}")
    try:
        return step.node(text)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from None


def node_or_element(step: Step, text: str, labels: Labels) -> tuple[Node, tuple[int, ...] | None]:
    """Find a node, or an element of it with its index. A text such as `x[0]` may also be the expression of a node.

    Raises UsageError with close names if there is none.
    """
    element = element_of(text)
    if element is None:
        return node_of(step, text, labels), None
    try:
        return node_of(step, text, labels), None
    except UsageError:
        node = node_of(step, element.name, labels)
        return node, element.in_shape(node.shape)
