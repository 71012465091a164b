"""Reports the operation that made a result NaN or infinite: its inputs, the path from the parameters to it and to the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.analysis.blame import Cause, Culprit, Target
from tracer.analysis.largest_way import Stop, largest_magnitude, largest_way
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
from tracer.views.sentence_names import DistinctLabels, called, operation_name
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
    labels = DistinctLabels(step)
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
        yield titled_line(tell("reaches"), _way_text(step, found.way, labels, tell))
    if found.nan_made is not None:
        yield from _nan_lines(found.nan_made, found, labels, digits, tell)
    if not found.is_certain:
        yield from _doubt_lines(found, tell)
    yield from _way_lines(found, labels, digits, tell)
    if step.index:
        yield from history_lines(trace, step, node, labels[node.id], tell)


def _nan_lines(made: Target, found: Culprit, labels: Labels, digits: int, tell: Language) -> Iterator[str]:
    """The operation that makes NaN of the infinity on its way, and its numbers."""
    step, node = found.step, made.node
    yield titled_line(tell("turns NaN"), f"{node_number(step, node.id)} {labels.equation(node)}")
    worked = worked_element(step.nodes, node, labels, made.index, digits, tell=tell) if made.index is not None else ""
    if worked:
        yield titled_line("", worked)


def _way_lines(found: Culprit, labels: Labels, digits: int, tell: Language) -> Iterator[str]:
    """The way to the operation, with the numbers of the sums of which the largest term was followed."""
    step, way = found.step, largest_way(found.step, found.node)
    if len(way) < 2:
        return
    first = called(way[0].node, labels, tell)
    shown = [stop for stop in way if stop.node is found.node or not labels.is_folded(stop.node.id)]
    sums = {stop.node.id: _sum_text(step, stop, labels, digits, tell) for stop in shown}
    yield ""
    if any(sums.values()):
        yield f"  {tell('the way from {name} to it, along the largest terms and numbers', name=first)}"
    else:
        yield f"  {tell('the way from {name} to it, along the largest numbers', name=first)}"
    for stop in shown:
        yield f"    {_with_size(step, stop.node, labels, digits, tell)}"
        if sums[stop.node.id]:
            yield f"      {sums[stop.node.id]}"


def _sum_text(step: Step, stop: Stop, labels: Labels, digits: int, tell: Language) -> str:
    if stop.index is None:
        return ""
    return worked_element(step.nodes, stop.node, labels, stop.index, digits, tell=tell)


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
        place = _numbered(step, node, DistinctLabels(step), tell)
        yield tell("passed over: {place} ({counts}); --of {number} asks for it", place=place, counts=counts, number=node.id)


def blame_data(trace: Trace, found: Culprit | None) -> dict[str, Any]:
    """The report as plain data."""
    if found is None:
        return {"found": False, "steps": len(trace.steps)}
    step, node = found.step, found.node
    labels = Labels(step.nodes)
    positions, values = history(trace, step, node, labels[node.id])
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
        "nan_made": _nan_data(found, labels),
        "way": [stop.node.id for stop in largest_way(step, node)],
        "history": {"steps": positions, "values": values},
    }


def _nan_data(found: Culprit, labels: Labels) -> dict[str, Any] | None:
    if found.nan_made is None:
        return None
    node, index = found.nan_made.node, found.nan_made.index
    return {"node": node_data(found.step, node, labels), "index": None if index is None else list(index)}


def _what(trace: Trace, found: Culprit, tell: Language) -> str:
    first = trace.first_nonfinite()
    if first is not None and (first[0].index, first[1].id) == (found.step.index, found.node.id):
        return tell("is the first that is not finite")
    if found.node is found.result:
        return tell("is not finite")
    return tell("is not finite and reaches {result}", result=called(found.result, DistinctLabels(found.step), tell))


def _way_text(step: Step, way: Sequence[int], labels: Labels, tell: Language) -> str:
    """The nodes on the way to the result: the first few, and the result."""
    shown = [_numbered(step, step.nodes[id], labels, tell) for id in way[1:]]
    if len(shown) > MAX_WAY:
        shown[MAX_WAY - 1 : -1] = ["..."]
    return " -> ".join(shown)


def _numbered(step: Step, node: Node, labels: Labels, tell: Language) -> str:
    """A node in a sentence: its number, and what it is called."""
    number, name = node_number(step, node.id), called(node, labels, tell)
    return f"{number} {labels.formula(node) if name == number else name}"


def _why(found: Culprit, tell: Language = ENGLISH) -> str:
    step, node = found.step, found.node
    if found.cause is Cause.ENTERED:
        return tell("it came in with the {kind}: no operation of this step computed it", kind=kind_text(node, tell))
    if found.cause is Cause.WRITTEN:
        return tell("a number that is not finite is written in the code; {op} passes it on", op=operation_name(node))
    operands = [step.nodes[operand] for operand in node.operands]
    if all(operand.is_finite for operand in operands):
        return _made(node, tell)
    is_nan = node.summary.nans if found.index is None or not node.is_kept else np.isnan(node.value[found.index])
    if not is_nan:
        return tell("{op} makes it infinite, also without the inputs that are not finite", op=operation_name(node))
    if any(operand.summary.nans for operand in operands):
        return tell("{op} makes it NaN, also without the inputs that are NaN", op=operation_name(node))
    return tell("an input is infinite, none is NaN; {op} makes it NaN", op=operation_name(node))


def _made(node: Node, tell: Language) -> str:
    if not node.summary.infinities:
        return tell("every input is finite; {op} makes it NaN", op=operation_name(node))
    if not node.summary.nans:
        return tell("every input is finite; {op} makes it infinite", op=operation_name(node))
    return tell("every input is finite; {op} makes it NaN and infinite", op=operation_name(node))


def _with_size(step: Step, node: Node, labels: Labels, digits: int, tell: Language) -> str:
    text = content_text(node, labels.noise, digits)
    # Where no element is finite, there is no largest one: 0 would be a number that the value does not have.
    is_told = bool(node.shape) and any(map(math.isfinite, (node.summary.minimum, node.summary.maximum)))
    number = number_text(largest_magnitude(node), digits) if is_told else ""
    largest = tell("largest {number}", number=number) if node.is_finite else tell("largest finite {number}", number=number)
    size = f"  {largest}" if is_told else ""
    shape = "" if not node.shape or text.startswith("(") else f" {shape_text(node.shape)}"
    return f"{node_number(step, node.id)} {labels.equation(node)}{shape}  {text}{size if not text.startswith('(') else ''}"
