"""Where each operation of a step is seen: a value and its gradient share a box, an update is in that of its parameter."""

from __future__ import annotations

from tracer.graph.record import Phase, Step
from tracer.views.notation import Labels


def homes(step: Step, labels: Labels) -> list[int]:
    """For every node of a step, the id of the node whose box shows it; -1 if none does.

    An operation of the backward pass is shown at the value whose gradient it computes, one of the update at the parameter
    that it updates, and what only shows, moves or prepares a value at the first operation that uses it.
    """
    nodes = step.nodes
    found = [-1] * len(nodes)
    for node in nodes:
        has_box = node.phase in (Phase.FORWARD, Phase.LOSS) or node.op in ("parameter", "data")
        if has_box and not labels.is_folded(node.id) and node.phase is not Phase.UPDATE:
            found[node.id] = node.id
    for parameter, updated in step.updates.items():
        _claim(step, found, updated, parameter)
    for value, gradient in step.gradients.items():
        if nodes[gradient].name == f"dL/d{nodes[value].name}" and found[gradient] < 0:
            found[gradient] = found[value]  # several values may share a gradient: it has the name of this one
    for node in nodes:
        if found[node.id] < 0 and node.phase is Phase.BACKWARD and node.gradient_of is not None:
            found[node.id] = found[node.gradient_of] if found[node.gradient_of] >= 0 else node.gradient_of
    first_user: dict[int, int] = {}
    for node in nodes:
        for operand in node.operands:
            first_user.setdefault(operand, node.id)
    for node in reversed(nodes):
        if found[node.id] < 0 and node.id in first_user and node.op != "hyperparameter":
            found[node.id] = found[first_user[node.id]]
    return found


def _claim(step: Step, found: list[int], updated: int, parameter: int) -> None:
    """Assign the operations of the update that lead to a parameter's new value, and that no other parameter has."""
    pending = [updated]
    while pending:
        node = step.nodes[pending.pop()]
        if found[node.id] >= 0 or node.phase is not Phase.UPDATE:
            continue
        found[node.id] = parameter
        pending += node.operands
