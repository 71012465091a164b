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
    ids = downstream(step, node.id) if spec.downstream else upstream(step, node.id)
    return operations(step, folded(step, labels.rows(ids) or ids, MAX_NODES), labels, style)


def upstream(step: Step, id: int) -> list[int]:
    """A node and all nodes that it depends on, in order."""
    wanted = {id}
    for node in reversed(step.nodes[: id + 1]):
        if node.id in wanted:
            wanted.update(node.operands)
    return sorted(wanted)


def downstream(step: Step, id: int) -> list[int]:
    """A node and all nodes that depend on it, in order."""
    found = {id}
    for node in step.nodes[id + 1 :]:
        if not found.isdisjoint(node.operands):
            found.add(node.id)
    return sorted(found)


ZOOM = Zoom("tensor", _diagrams, order=3, takes_focus=True, takes_phases=True)
