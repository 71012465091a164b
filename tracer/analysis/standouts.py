"""What stands out in a step: units that are 0 for every row, activations at their limits, parameters that did not move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Node, Phase, Step

AT_ZERO = ("clip", "maximum", "fmax", "relu", "aten.relu", "aten.clamp_min")
"""Operations that cut off what is below 0."""

LIMITS = {"tanh": (-1.0, 1.0), "expit": (0.0, 1.0), "aten.tanh": (-1.0, 1.0), "aten.sigmoid": (0.0, 1.0)}
"""The limits of activations."""

NEAR = 0.01
"""An activation is saturated within this distance of a limit: the derivative of tanh is below 0.02 there."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the parts of a value stand out."""

    node: Node
    count: int
    total: int


def activations(step: Step) -> list[Node]:
    """The results in the forward pass that are looked at: of relu and its like, tanh and sigmoid, each as one operation."""
    wanted = (*AT_ZERO, *LIMITS)
    return [node for node in step.nodes if node.phase is Phase.FORWARD and node.op in wanted and node.is_kept and node.size]


def dead_units(step: Step) -> Iterator[Share]:
    """The columns of results that are cut off at 0, as by relu, that are 0 in every one of several rows."""
    for node in activations(step):
        if node.op not in AT_ZERO or len(node.shape) != 2 or node.shape[0] < 2 or node.summary.minimum < 0:
            continue
        columns = int(np.sum(~np.any(node.value, axis=0)))
        if columns:
            yield Share(node, columns, node.shape[1])


def saturated(step: Step) -> Iterator[Share]:
    """The results of activations that are near the limits of these."""
    for node in activations(step):
        if node.op not in LIMITS:
            continue
        low, high = LIMITS[node.op]
        count = int(np.sum((node.value <= low + NEAR) | (node.value >= high - NEAR)))
        if count:
            yield Share(node, count, node.size)


def unmoved(first: Step, last: Step) -> Iterator[Share]:
    """The elements of parameters of the first step that are the same after the last; of updated ones whose values were kept."""
    ends = {node.name: last.nodes[last.updates[node.id]] for node in last.parameters if node.id in last.updates}
    for node in first.parameters:
        end = ends.get(node.name)
        if end is None or node.shape != end.shape or not (node.is_kept and end.is_kept):
            continue
        same = int(np.sum(node.value == end.value))
        if same:
            yield Share(node, same, node.size)
