"""Reports the operation that made a result NaN or infinite: its inputs, the path from the parameters to it and to the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.analysis.blame import Cause, Culprit, Target
from tracer.errors import UsageError
from tracer.graph.missing import reasons_in
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
    reasons_text,
    shape_text,
)
from tracer.views.selection import node_or_element
from tracer.views.text.detail import history, history_lines, input_lines, titled_line
from tracer.views.text.finiteness import nonfinite_text
from tracer.views.worked import worked_element

MAX_WAY = 5
"""Maximum number of nodes shown on the way to the result."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: the text of a node or element (empty for the results), NaN only, and the number of digits."""

    of: str = ""
    only_nan: bool = False
    digits: int = DIGITS


def target_finder(trace: Trace, text: str) -> Callable[[Step], Target | None]:
    """Finds a node or element in each step; a step may lack it. Raises UsageError if the first step does."""
    for step in trace.steps[:1]:
        node_or_element(step, text, Labels(step.nodes))

    def target_in(step: Step) -> Target | None:
        try:
            return Target(*node_or_element(step, text, Labels(step.nodes)))
        except UsageError:
            return None

    return target_in


def blame_lines(trace: Trace, found: Culprit | None, request: Request, tell: Language = ENGLISH) -> Iterator[str]:
    """The report on the operation that made a result NaN or infinite; a line or two if there is none."""
    if found is None:
        yield from _nothing_found(trace, request, tell)
        return
    step, node, digits = found.step, found.node, request.digits
    labels = Labels(step.nodes)
    yield f"{node_number(step, node.id)} {labels.equation(node)}"
    counts, phase = nonfinite_text(node.summary, tell), phase_text(node.phase, tell)
    place = tell("in the {phase} of step {step}", phase=phase, step=step.index)
    what = _what(trace, found, tell)
    yield f"  {tell('{what}: {counts}, {place}', what=what, counts=counts, place=place)}"
    if node.source is not None:
        yield titled_line(tell("source"), f"{node.source}  {node.source.text}")
    twin = node.gradient_of if node.rule_of is None else node.rule_of
    if twin is not None:
        yield titled_line(tell("of"), f"{node_number(step, twin)} {labels.equation(step.nodes[twin])}")
    yield titled_line(tell("why"), _why(found, tell))
    worked = worked_element(step.nodes, node, labels, found.index, digits, tell=tell) if found.index is not None else ""
    if worked:
        yield titled_line(tell("numbers"), worked)
    elif found.index:
        yield titled_line(tell("first at"), labels.element(node.id, found.index))
    yield from input_lines(step, node, lambda operand: _with_size(step, operand, labels, digits, tell), tell)
    if len(found.way) > 1:
        yield titled_line(tell("reaches"), _way_text(step, found.way, labels))
    if not found.is_certain:
        yield from _doubt_lines(found, tell)
    path = path_to(step, node)
    if len(path) > 1:
        yield ""
        yield f"  {tell('the way from {name} to it, along the largest numbers', name=labels[path[0].id])}"
        for each in path:
            yield f"    {_with_size(step, each, labels, digits, tell)}"
    if step.index:
        yield from history_lines(trace, node, labels[node.id], tell)


def _doubt_lines(found: Culprit, tell: Language) -> Iterator[str]:
    """What makes a finding uncertain: values that are missing on the way or among its inputs, or an operation that is unknown."""
    nodes = found.step.nodes
    near = {id for each in found.way for id in (each, *nodes[each].operands)}
    reasons = list(reasons_in(nodes[id] for id in sorted(near)))
    if not reasons:
        hint = tell("(an operation is not known here: another number that is not finite may be the one that reaches it)")
        yield titled_line("", hint)
        return
    hint = tell("(some values were not kept: another number that is not finite may be the one that reaches it)")
    yield titled_line("", hint)
    yield titled_line("", tell("({reason})", reason=reasons_text(reasons, tell)))


def _nothing_found(trace: Trace, request: Request, tell: Language) -> Iterator[str]:
    """That nothing is to blame, and what was passed over."""
    steps = tell.count(len(trace.steps), "step")
    first = trace.first_nonfinite()
    if first is None:
        yield tell("every number of the {steps} on record is finite", steps=steps)
        return
    if request.of and request.only_nan:
        yield tell("{name} has no NaN in the {steps} on record", name=request.of, steps=steps)
    elif request.of:
        yield tell("{name} is finite in the {steps} on record", name=request.of, steps=steps)
    elif request.only_nan:
        yield tell("no loss, gradient or update has a NaN in the {steps} on record", steps=steps)
    else:
        yield tell("every loss, gradient and update of the {steps} on record is finite", steps=steps)
    if not request.of and not request.only_nan:
        step, node = first
        counts = nonfinite_text(node.summary, tell)
        place = f"{node_number(step, node.id)} {Labels(step.nodes)[node.id]}"
        yield tell("passed over: {place} ({counts}); --of {number} asks for it", place=place, counts=counts, number=node.id)


def blame_data(trace: Trace, found: Culprit | None) -> dict[str, Any]:
    """The report as plain data."""
    if found is None:
        return {"found": False, "steps": len(trace.steps)}
    step, node = found.step, found.node
    labels = Labels(step.nodes)
    positions, values = history(trace, node, labels[node.id])
    return {
        "found": True,
        "step": step.index,
        "node": node_data(step, node, labels),
        "index": None if found.index is None else list(found.index),
        "cause": found.cause.value,
        "why": _why(found),
        "inputs": [
            {"literal": x.value} if isinstance(x, Literal) else node_data(step, step.nodes[x], labels) for x in node.inputs
        ],
        "result": node_data(step, found.result, labels),
        "reaches": list(found.way),
        "is_certain": found.is_certain,
        "way": [each.id for each in path_to(step, node)],
        "history": {"steps": positions, "values": values},
    }


def _what(trace: Trace, found: Culprit, tell: Language) -> str:
    first = trace.first_nonfinite()
    if first is not None and (first[0].index, first[1].id) == (found.step.index, found.node.id):
        return tell("is the first that is not finite")
    if found.node is found.result:
        return tell("is not finite")
    return tell("is not finite and reaches {result}", result=Labels(found.step.nodes)[found.result.id])


def _way_text(step: Step, way: Sequence[int], labels: Labels) -> str:
    """The nodes on the way to the result: the first few, and the result."""
    shown = [f"{node_number(step, id)} {labels[id]}" for id in way[1:]]
    if len(shown) > MAX_WAY:
        shown[MAX_WAY - 1 : -1] = ["..."]
    return " -> ".join(shown)


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


def _why(found: Culprit, tell: Language = ENGLISH) -> str:
    step, node = found.step, found.node
    if found.cause is Cause.ENTERED:
        return tell("it came in with the {kind}: no operation of this step computed it", kind=kind_text(node, tell))
    if found.cause is Cause.WRITTEN:
        return tell("a number that is not finite is written in the code; {op} passes it on", op=node.op)
    operands = [step.nodes[operand] for operand in node.operands]
    if all(operand.is_finite for operand in operands):
        return _made(node, tell)
    is_nan = node.summary.nans if found.index is None or not node.is_kept else np.isnan(node.value[found.index])
    if not is_nan:
        return tell("{op} makes it infinite, also without the inputs that are not finite", op=node.op)
    if any(operand.summary.nans for operand in operands):
        return tell("{op} makes it NaN, also without the inputs that are NaN", op=node.op)
    return tell("an input is infinite, none is NaN; {op} makes it NaN", op=node.op)


def _made(node: Node, tell: Language) -> str:
    if not node.summary.infinities:
        return tell("every input is finite; {op} makes it NaN", op=node.op)
    if not node.summary.nans:
        return tell("every input is finite; {op} makes it infinite", op=node.op)
    return tell("every input is finite; {op} makes it NaN and infinite", op=node.op)


def _with_size(step: Step, node: Node, labels: Labels, digits: int, tell: Language) -> str:
    text = content_text(node, labels.noise, digits)
    # Where no element is finite, there is no largest one: 0 would be a number that the value does not have.
    is_told = bool(node.shape) and any(map(math.isfinite, (node.summary.minimum, node.summary.maximum)))
    size = f"  {tell('largest {number}', number=number_text(largest_magnitude(node), digits))}" if is_told else ""
    shape = "" if not node.shape or text.startswith("(") else f" {shape_text(node.shape)}"
    return f"{node_number(step, node.id)} {labels.equation(node)}{shape}  {text}{size if not text.startswith('(') else ''}"
