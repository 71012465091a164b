"""Reports the first non-finite node: its inputs, and the path from the parameters to it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tracer.graph.record import Literal, Node, Step, Trace
from tracer.i18n.language import ENGLISH, Language
from tracer.views.node_data import node_data
from tracer.views.notation import (
    DIGITS,
    Labels,
    content_text,
    kind_text,
    node_number,
    number_text,
    phase_text,
    shape_text,
)
from tracer.views.text.detail import history, history_lines, input_lines, titled_line
from tracer.views.text.finiteness import nonfinite_text
from tracer.views.worked import worked_element

NonfiniteNode = tuple[Step, Node] | None
"""The reported node with its step; None if there is none."""


def blame_lines(trace: Trace, found: NonfiniteNode, digits: int = DIGITS, tell: Language = ENGLISH) -> Iterator[str]:
    """The report on the first NaN or infinity; a single line if there is none."""
    if found is None:
        steps = tell.count(len(trace.steps), "step")
        if trace.first_nonfinite() is None:
            yield tell("every number of the {steps} on record is finite", steps=steps)
        else:
            yield tell("there is no NaN in the {steps} on record", steps=steps)
        return
    step, node = found
    labels = Labels(step.nodes)
    yield f"{node_number(step, node.id)} {labels.equation(node)}"
    what = tell("is the first NaN") if _infinite_inputs(step, node) else tell("is the first that is not finite")
    counts, phase = nonfinite_text(node.summary, tell), phase_text(node.phase, tell)
    place = tell("in the {phase} of step {step}", phase=phase, step=step.index)
    yield f"  {tell('{what}: {counts}, {place}', what=what, counts=counts, place=place)}"
    if node.source is not None:
        yield titled_line(tell("source"), f"{node.source}  {node.source.text}")
    twin = node.gradient_of if node.rule_of is None else node.rule_of
    if twin is not None:
        yield titled_line(tell("of"), f"{node_number(step, twin)} {labels.equation(step.nodes[twin])}")
    yield titled_line(tell("why"), _why(step, node, tell))
    index = blamed_index(step, node)
    worked = worked_element(step.nodes, node, labels, index, digits) if index is not None else ""
    if worked:
        yield titled_line(tell("numbers"), worked)
    elif index:
        yield titled_line(tell("first at"), labels.element(node.id, index))
    yield from input_lines(step, node, lambda operand: _with_size(step, operand, labels, digits, tell), tell)
    path = path_to(step, node)
    if len(path) > 1:
        yield ""
        yield f"  {tell('the way from {name} to it, along the largest numbers', name=labels[path[0].id])}"
        for each in path:
            yield f"    {_with_size(step, each, labels, digits, tell)}"
    if step.index:
        yield from history_lines(trace, node, labels[node.id], tell)


def blame_data(trace: Trace, found: NonfiniteNode) -> dict[str, Any]:
    """The report as plain data."""
    if found is None:
        return {"found": False, "steps": len(trace.steps)}
    step, node = found
    labels = Labels(step.nodes)
    index = blamed_index(step, node)
    positions, values = history(trace, node, labels[node.id])
    return {
        "found": True,
        "step": step.index,
        "node": node_data(step, node, labels),
        "index": None if index is None else list(index),
        "why": _why(step, node),
        "inputs": [
            {"literal": x.value} if isinstance(x, Literal) else node_data(step, step.nodes[x], labels) for x in node.inputs
        ],
        "way": [each.id for each in path_to(step, node)],
        "history": {"steps": positions, "values": values},
    }


def blamed_index(step: Step, node: Node) -> tuple[int, ...] | None:
    """The first non-finite element, or the first NaN if an input is already infinite; None if the value was not kept."""
    if not node.is_kept:
        return None
    wrong = np.isnan(node.value) if _infinite_inputs(step, node) else ~np.isfinite(node.value)
    return tuple(int(at) for at in np.unravel_index(int(np.argmax(wrong)), wrong.shape))


def path_to(step: Step, node: Node) -> list[Node]:
    """The path to a node, traced back along the largest inputs that depend on a parameter, or else the largest inputs."""
    dependent = {each.id for each in step.nodes if each.op == "parameter"}
    for each in step.nodes:
        if any(operand in dependent for operand in each.operands):
            dependent.add(each.id)
    path = [node]
    while path[-1].operands:
        operands = [step.nodes[id] for id in dict.fromkeys(path[-1].operands)]
        trainable = [each for each in operands if each.id in dependent]
        path.append(max(trainable or operands, key=lambda each: (largest_magnitude(each), -each.id)))
    return path[::-1]


def largest_magnitude(node: Node) -> float:
    """The largest magnitude among the finite elements of a node."""
    ends = [abs(end) for end in (node.summary.minimum, node.summary.maximum) if math.isfinite(end)]
    return float(max(ends, default=0.0))


def _infinite_inputs(step: Step, node: Node) -> bool:
    """True if an input is already non-finite: the node is reported because it turned an infinity into NaN."""
    return any(not step.nodes[operand].is_finite for operand in node.operands)


def _why(step: Step, node: Node, tell: Language = ENGLISH) -> str:
    if node.is_leaf:
        return tell("it came in with the {kind}: nothing computed it", kind=kind_text(node, tell))
    if _infinite_inputs(step, node):
        return tell("an input is infinite, none is NaN; {op} makes it NaN", op=node.op)
    if not node.summary.infinities:
        return tell("every input is finite; {op} makes it NaN", op=node.op)
    if not node.summary.nans:
        return tell("every input is finite; {op} makes it infinite", op=node.op)
    return tell("every input is finite; {op} makes it NaN and infinite", op=node.op)


def _with_size(step: Step, node: Node, labels: Labels, digits: int, tell: Language) -> str:
    text = content_text(node, labels.noise, digits)
    size = f"  {tell('largest {number}', number=number_text(largest_magnitude(node), digits))}" if node.shape else ""
    shape = "" if not node.shape or text.startswith("(") else f" {shape_text(node.shape)}"
    return f"{node_number(step, node.id)} {labels.equation(node)}{shape}  {text}{size if not text.startswith('(') else ''}"
