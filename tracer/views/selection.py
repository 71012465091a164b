"""Selects parts of a trace: steps, phases, nodes by name, single elements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tracer.errors import UsageError, close_names
from tracer.graph.record import Node, Phase, Step
from tracer.views.notation import Labels, index_text, shape_text

_ELEMENT = re.compile(r"(?P<name>.+)\[(?P<index>\s*-?\d+\s*(?:,\s*-?\d+\s*)*)\]")
_NUMBER = re.compile(r"#?(?:\d+\.)?(?P<id>\d+)")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a node: its name and the index."""

    name: str
    index: tuple[int, ...]

    def in_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The index counted from 0. Raises UsageError where the shape has no such element.

        >>> Element("W", (0, -1)).in_shape((2, 4))
        (0, 3)
        """
        if len(self.index) != len(shape) or not all(-side <= at < side for at, side in zip(self.index, shape)):
            raise UsageError(f"{self.name} has the shape {shape_text(shape)}: there is no element {index_text(self.index)}")
        return tuple(at % side for at, side in zip(self.index, shape))


def element_of(text: str) -> Element | None:
    """The element that a text names, if it names one.

    >>> element_of("W1[0, 2]"), element_of("dL/d(x @ W)[-1]"), element_of("W1"), element_of("x[1:2]")
    (Element(name='W1', index=(0, 2)), Element(name='dL/d(x @ W)', index=(-1,)), None, None)
    """
    found = _ELEMENT.fullmatch(text.strip())
    return Element(found["name"], tuple(map(int, found["index"].split(",")))) if found else None


@dataclass(frozen=True, slots=True)
class Selection:
    """Nodes of some phases, or whose names match a pattern (`h*`); and elements that are worked out in place of the first.

    An element of a parameter or value is also watched in its gradient and its new value.
    """

    phases: tuple[Phase, ...] = ()
    patterns: tuple[str, ...] = ()
    watched: tuple[Element, ...] = ()
    is_whole: bool = True

    @property
    def has_metrics(self) -> bool:
        """Whether what was measured belongs to it: where it is not of some nodes only."""
        return not self.phases and not self.patterns

    def shows(self, node: Node, label: str) -> bool:
        """Whether a node is part of it."""
        if self.phases and node.phase not in self.phases:
            return False
        return not self.patterns or any(_is_called(node, label, pattern) for pattern in self.patterns)

    def watched_index(self, node: Node) -> tuple[int, ...] | None:
        """The index of the element of this node that is watched, if one is."""
        for element in self.watched:
            if node.name in (element.name, f"dL/d{element.name}", f"{element.name}_new"):
                return element.in_shape(node.shape)
        return None

    def check(self, step: Step) -> None:
        """Raise UsageError where a pattern matches nothing in a step, or an element is not there."""
        labels = Labels(step.nodes)
        for pattern in self.patterns:
            if not any(_is_called(node, labels[node.id], pattern) for node in step.nodes):
                names = [node.name for node in step.nodes if node.name]
                raise UsageError(f"no node of step {step.index} is called {pattern!r}{close_names(pattern, names)}")
        for element in self.watched:
            element.in_shape(node_of(step, element.name, labels).shape)


EVERYTHING = Selection()


def _is_called(node: Node, label: str, pattern: str) -> bool:
    """Whether a pattern matches the name of a node, or is the very expression of one without a name."""
    return label == pattern or (bool(node.name) and fnmatchcase(node.name, pattern))


def node_of(step: Step, text: str, labels: Labels) -> Node:
    """The node that a text names: by its name, its expression, or its number (`17`, `#17`, `0.17`).

    Raises UsageError, with close names, where there is none.
    """
    for node in step.nodes:
        if labels[node.id] == text:
            return node
    number = _NUMBER.fullmatch(text)
    if number and int(number["id"]) < len(step.nodes):
        return step.nodes[int(number["id"])]
    try:
        return step.node(text)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from None


def node_or_element(step: Step, text: str, labels: Labels) -> tuple[Node, tuple[int, ...] | None]:
    """The node that a text names, and the index of the element where it names one; an expression may itself end in brackets.

    Raises UsageError, with close names, where there is none.
    """
    element = element_of(text)
    if element is None:
        return node_of(step, text, labels), None
    try:
        return node_of(step, text, labels), None
    except UsageError:
        node = node_of(step, element.name, labels)
        return node, element.in_shape(node.shape)
