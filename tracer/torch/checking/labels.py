"""What values and lines are called in a report."""

from __future__ import annotations

from tracer.graph.record import Node


def name_of(node: Node) -> str:
    """The name of a value, or else what computes it."""
    return node.name or (node.source.text if node.source is not None else node.op)


def place_of(node: Node) -> str:
    """The line of the program that computed a value; empty if that is not known."""
    return "" if node.source is None else str(node.source)


def text_of(node: Node) -> str:
    """The expression of the program that computed a value."""
    return "" if node.source is None else node.source.text
