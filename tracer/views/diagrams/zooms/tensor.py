"""The zoom `tensor`: values with their gradients, the operations of a phase, or what a value depends on."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.graph.record import Step
from tracer.views.diagrams.combined import combined, forward_nodes
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.folding import folded
from tracer.views.diagrams.operations import MAX_NODES, operations, phase_diagrams
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, Zoom
from tracer.views.local_rules import local_rules
from tracer.views.notation import Labels
from tracer.views.selection import node_or_element


def _diagrams(step: Step, spec: ViewSpec, style: Style) -> Iterator[tuple[str, Diagram]]:
    if spec.focus:
        yield "", _focused(step, spec, style)
    elif spec.phases:
        yield from ((phase.value, diagram) for phase, diagram in phase_diagrams(step, style, spec.phases))
    else:
        labels = Labels(step.nodes)
        parts = folded(step, forward_nodes(step, labels), MAX_NODES)
        yield "", combined(step, parts, labels, local_rules(step, labels), style)


def _focused(step: Step, spec: ViewSpec, style: Style) -> Diagram:
    labels = Labels(step.nodes)
    node, _ = node_or_element(step, spec.focus, labels)
    ids = downstream(step, node.id, spec.depth) if spec.downstream else upstream(step, node.id, spec.depth)
    return operations(step, folded(step, labels.rows(ids) or ids, MAX_NODES), labels, style)


def upstream(step: Step, id: int, depth: int = 0) -> list[int]:
    """A node and all nodes that it depends on, in order; with `depth`, over so many operations at most."""
    distance = {id: 0}
    for node in reversed(step.nodes[: id + 1]):
        at = distance.get(node.id)
        if at is not None and (not depth or at < depth):
            for operand in node.operands:
                distance[operand] = min(at + 1, distance.get(operand, at + 1))
    return sorted(distance)


def downstream(step: Step, id: int, depth: int = 0) -> list[int]:
    """A node and all nodes that depend on it, in order; with `depth`, over so many operations at most."""
    distance = {id: 0}
    for node in step.nodes[id + 1 :]:
        at = min((distance[operand] for operand in node.operands if operand in distance), default=None)
        if at is not None and (not depth or at < depth):
            distance[node.id] = at + 1
    return sorted(distance)


ZOOM = Zoom("tensor", _diagrams, order=3, takes_focus=True, takes_phases=True)
