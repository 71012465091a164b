"""Validates a record: ids, order, phases, shapes, names."""

from __future__ import annotations

from tracer.errors import UsageError
from tracer.graph.record import PHASES, Node, Step, Trace
from tracer.graph.strides import HELD_IN


def validate(trace: Trace) -> None:
    """Validate a trace; raises UsageError that names the step and the node of the first violation.

    Ids are consecutive from 0, inputs precede their uses, phases are in order, shapes and dtypes match the values, values are
    read-only, names are unique, and every gradient and update refers to a node of the same shape and dtype.
    """
    for step in trace.steps:
        problem = structure_problem(step) or next(filter(None, map(_value_problem, step.nodes)), "")
        if problem:
            raise UsageError(f"step {step.index}{problem}")


def structure_problem(step: Step) -> str:
    """The first violation in a step, values aside: a message to append to the step's name, or empty."""
    names: set[str] = set()
    phase = 0
    for position, node in enumerate(step.nodes):
        problem = _node_problem(node, position, phase)
        if not problem and node.name and node.name in names:
            problem = f"the name {node.name!r} is taken by an earlier node"
        if problem:
            return _node_message(node, problem, position)
        names.add(node.name)
        phase = PHASES.index(node.phase)
    pairs_of = [("gradient", step.gradients), *(("gradient", each) for each in step.losses.values()), ("update", step.updates)]
    for kind, pairs in pairs_of:
        for of, by in pairs.items():
            if not (0 <= of < len(step.nodes) and 0 <= by < len(step.nodes)):
                return f": a {kind} points outside the step ({of} -> {by})"
            if step.nodes[of].shape != step.nodes[by].shape or step.nodes[of].dtype != step.nodes[by].dtype:
                return f": the {kind} of node {of} has another shape or dtype (node {by})"
    for of, by in step.own_gradients.items():
        if not (0 <= of < len(step.nodes) and 0 <= by < len(step.nodes)):
            return f": a gradient of the program points outside the step ({of} -> {by})"
    if any(not 0 <= id < len(step.nodes) for id in step.marks):
        return ": a mark points outside the step"
    for loss, gradients in step.losses.items():
        if not 0 <= loss < len(step.nodes) or step.nodes[loss].shape != () or loss not in gradients:
            return ": one of its losses is no scalar node with a gradient"
    if not 0 <= step.loss_id < len(step.nodes) or step.nodes[step.loss_id].shape != ():
        return ": the loss is no scalar node"
    return ""


def _node_message(node: Node, problem: str, position: int) -> str:
    return f", node {position} ({node.op} {node.name!r}): {problem}"


def _node_problem(node: Node, position: int, phase: int) -> str:
    if node.id != position:
        return f"its id is {node.id}, its position {position}"
    if PHASES.index(node.phase) < phase:
        return f"its phase {node.phase.value} comes after {PHASES[phase].value}"
    if any(not 0 <= operand < position for operand in node.operands):
        return "it uses a node that is not before it"
    if node.is_leaf and node.inputs:
        return "a leaf has inputs"
    for twin in (node.gradient_of, node.rule_of):
        if twin is not None and not 0 <= twin < position:
            return f"its twin {twin} is not before it"
    return ""


def _value_problem(node: Node) -> str:
    if not node.is_kept:
        return ""
    if node.value.shape != node.shape or str(node.value.dtype) != HELD_IN.get(node.dtype, node.dtype):
        problem = f"it says {node.dtype}{node.shape}, its value is {node.value.dtype}{node.value.shape}"
        return _node_message(node, problem, node.id)
    return _node_message(node, "its value can be written to", node.id) if node.value.flags.writeable else ""
