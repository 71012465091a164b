"""Reports everything recorded about one node, or one of its elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from tracer.graph.losses import gradients_of
from tracer.graph.missing import mark_message
from tracer.graph.record import Literal, Node, Step, Trace
from tracer.i18n.language import ENGLISH, Language
from tracer.ops.foreign.names import base_name
from tracer.views.aligned_text import padded
from tracer.views.gradient_terms import contributions
from tracer.views.grids import MAX_GRID_SIZE, grid_lines
from tracer.views.node_data import message_data, node_data
from tracer.views.notation import (
    DIGITS,
    Labels,
    content_text,
    kind_text,
    node_number,
    number_of,
    number_text,
    phase_text,
    shape_text,
    statistic_text,
    summary_text,
)
from tracer.views.own_gradients import own_text, true_text
from tracer.views.text.ascii_plot import plot_lines
from tracer.views.worked import worked_element

RECORDED_CALL = ("arguments", "options", "generator", "strides", "lazy")
"""Parameters of another library's operation that its formula shows, or that nobody reads."""

MAX_STEPS = 61
"""Maximum number of points in a plot; of a longer run, evenly spaced steps are plotted."""

MAX_ELEMENT_TERMS = 200
"""Maximum number of terms of a sum that is written in full for a single element."""

MAX_USES = 8

TITLE_WIDTH = 10
"""Width of the titles of lines in terminal columns."""


def titled_line(title: str, text: str) -> str:
    """A line with a title."""
    return f"  {padded(title, TITLE_WIDTH)} {text}"


def node_lines(trace: Trace, step: Step, node: Node, digits: int = DIGITS, tell: Language = ENGLISH) -> Iterator[str]:
    """A node: formula, worked example, source, forward twin, inputs, contributions, gradient, uses, history."""
    labels = Labels(step.nodes)
    yield f"{node_number(step, node.id)} {labels.equation(node)}"
    yield from _facts(step, node, labels, tell)
    worked = worked_element(step.nodes, node, labels, digits=digits, tell=tell)
    if worked:
        yield titled_line(tell("numbers"), worked)
    if not node.shape:
        yield titled_line(tell("value"), content_text(node, labels.noise, digits))
    elif node.is_kept and node.size <= MAX_GRID_SIZE:
        yield from _block(tell("value"), grid_lines(node.value, digits, tell, noise=labels.noise.of(node)))
    if node.shape:
        yield titled_line(tell("statistics"), _statistics(node, digits))
    if node.why_missing is not None:
        yield titled_line("", tell("(the file keeps only these statistics: {reason})", reason=tell.message(node.why_missing)))
    if not contributions(step, node):  # the contributions are the inputs, and follow
        yield from input_lines(step, node, lambda operand: _with_value(step, operand, labels, digits), tell)
    yield from _relations(step, node, labels, digits, tell)
    yield from history_lines(trace, step, node, labels[node.id], tell)


def element_lines(
    step: Step, node: Node, index: tuple[int, ...], digits: int = DIGITS, tell: Language = ENGLISH
) -> Iterator[str]:
    """One element: the arithmetic of its value, its gradient, and its new value if it belongs to a parameter."""
    labels = Labels(step.nodes)
    yield f"{node_number(step, node.id)} {labels.element(node.id, index)}"
    yield from _facts(step, node, labels, tell)
    titles = {"value": tell("value"), "gradient": tell("gradient"), "update": tell("update")}
    for part, each in element_parts(step, node):
        yield titled_line(titles[part], _worked(step, each, labels, index, digits, tell))
    for id in gradients_of(step, node.id):
        for each in contributions(step, step.nodes[id]):
            yield titled_line(tell("part"), _worked(step, each, labels, index, digits, tell))


def element_parts(step: Step, node: Node) -> list[tuple[str, Node]]:
    """The nodes that an element is shown in: the value, its gradient, and its new value."""
    parts = [("value", node)]
    parts += [("gradient", step.nodes[id]) for id in gradients_of(step, node.id)]
    if node.id in step.updates:
        parts.append(("update", step.nodes[step.updates[node.id]]))
    return parts


def _worked(step: Step, node: Node, labels: Labels, index: tuple[int, ...], digits: int, tell: Language) -> str:
    worked = worked_element(step.nodes, node, labels, index, digits, MAX_ELEMENT_TERMS, tell)
    name = labels.element(node.id, index)
    if worked:
        return worked
    if node.why_missing is not None:
        return tell("{name}: only statistics are kept of it ({reason})", name=name, reason=tell.message(node.why_missing))
    return f"{name} = {number_of(node, index, labels.noise, digits)}"


def _facts(step: Step, node: Node, labels: Labels, tell: Language) -> Iterator[str]:
    facts = [kind_text(node, tell), *([] if node.is_leaf else [labels.shapes(node)])]
    in_formula = RECORDED_CALL if base_name(node.op) else ()
    facts += [f"{name}={value}" for name, value in node.parameters.items() if value is not None and name not in in_formula]
    where = tell("{phase} of step {step}", phase=phase_text(node.phase, tell), step=step.index)
    yield titled_line(tell("what"), tell(", ").join([*facts, node.dtype, where]))
    if node.source is not None:
        yield titled_line(tell("source"), f"{node.source}  {node.source.text}")
    if node.scope:
        yield titled_line(tell("scope"), node.scope)
    if node.id in step.marks:
        yield titled_line(tell("note"), tell.message(mark_message(step.marks[node.id])))
    own = own_text(step, node, labels, tell) or true_text(step, node, labels, tell)
    if own:
        yield titled_line(tell("compared"), own)
    for title, twin in ((tell("derives"), node.gradient_of), (tell("by rule of"), node.rule_of)):
        if twin is not None:
            yield titled_line(title, _named(step, step.nodes[twin], labels))


def input_lines(step: Step, node: Node, describe: Callable[[Node], str], tell: Language = ENGLISH) -> Iterator[str]:
    """A line for each input of a node; literals as in the code."""
    texts = [
        tell("{value}, written in the code", value=repr(x.value)) if isinstance(x, Literal) else describe(step.nodes[x])
        for x in node.inputs
    ]
    return _block(tell("inputs"), texts)


def _relations(step: Step, node: Node, labels: Labels, digits: int, tell: Language) -> Iterator[str]:
    yield from _block(tell("added up"), [_with_value(step, part, labels, digits) for part in contributions(step, node)])
    gradients = [(tell("gradient"), id) for id in gradients_of(step, node.id)]
    for title, found in (*gradients, (tell("updated"), step.updates.get(node.id))):
        if found is not None and found != node.id:
            yield titled_line(title, _with_value(step, step.nodes[found], labels, digits))
    uses = [other for other in step.nodes if not labels.is_folded(other.id) and node.id in labels.operands(other)]
    yield from _block(tell("used by"), [_named(step, use, labels) for use in uses[:MAX_USES]])
    if len(uses) > MAX_USES:
        yield titled_line("", tell("and {count} more", count=len(uses) - MAX_USES))


def history_lines(trace: Trace, step: Step, node: Node, label: str, tell: Language = ENGLISH) -> Iterator[str]:
    """A plot of a node over the steps: a scalar's value, an array's l2 norm."""
    positions, values = history(trace, step, node, label)
    if len(positions) < 2:
        return
    what = label if not node.shape else tell("length (l2) of {name}", name=label)
    if len(set(values)) == 1:
        yield f"  {tell('{what} is {value} in every step', what=what, value=number_text(values[0]))}"
        return
    yield ""
    yield f"  {tell('{what} over the steps', what=what)}"
    yield from (f"    {line}" for line in plot_lines(values, positions, tell))


def history(trace: Trace, step: Step, node: Node, label: str) -> tuple[list[int], list[float]]:
    """Up to MAX_STEPS step indices at which the node of a step exists, and its value or l2 norm at each."""
    count = len(trace.steps)
    points = min(count, MAX_STEPS)
    chosen = sorted({round(at * (count - 1) / max(1, points - 1)) for at in range(points)})
    positions, values = [], []
    place = None if node.name else _place(step, node)
    for position in chosen:
        other = trace.steps[position]
        found = _counterpart(other, node, label, place)
        if found is not None:
            positions.append(other.index)
            values.append(_magnitude(found))
    return positions, values


def _counterpart(step: Step, node: Node, label: str, place: _Place | None) -> Node | None:
    """The counterpart of a node in another step: by id, or else by name. One without a name has the same place in the program."""
    other = step.nodes[node.id] if node.id < len(step.nodes) else None
    if other is not None and (other.op, other.name) == (node.op, node.name) and place in (None, _place(step, other)):
        return other
    return next((each for each in step.nodes if each.name == label), None)


_Place: TypeAlias = tuple[Any, ...]


def _place(step: Step, node: Node) -> _Place:
    """Where a node is in the program, and what it is made of; of a leaf, what uses it, since its number may be another's."""
    if not node.is_leaf:
        return node.source, node.scope, node.operands, node.gradient_of, node.rule_of
    users = (user for user in step.nodes if node.id in user.operands)
    return tuple((user.op, user.source, user.scope, user.rule_of, user.inputs.index(node.id)) for user in users)


def _magnitude(node: Node) -> float:
    if node.shape or not node.is_kept or node.value.dtype.kind == "c":
        return node.summary.l2
    return float(node.value)


def _statistics(node: Node, digits: int) -> str:
    summary = node.summary
    text = summary_text(summary, node.shape, node.dtype, digits)
    if not summary.count:
        return text
    spread = statistic_text(summary, summary.std, node.dtype, digits)
    return f"{text} std={spread} l2={number_text(summary.l2, digits)}"


def _named(step: Step, node: Node, labels: Labels) -> str:
    return f"{node_number(step, node.id)} {labels.equation(node)}"


def _with_value(step: Step, node: Node, labels: Labels, digits: int) -> str:
    shape = f" {shape_text(node.shape)}" if node.shape else ""
    text = content_text(node, labels.noise, digits)
    return f"{node_number(step, node.id)} {labels[node.id]}{shape if not text.startswith(shape.strip() or ' ') else ''}  {text}"


def _block(title: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield titled_line(title if not number else "", line)


# The same as plain data.


def node_detail(trace: Trace, step: Step, node: Node) -> dict[str, Any]:
    """A node as plain data."""
    labels = Labels(step.nodes)
    positions, values = history(trace, step, node, labels[node.id])
    return node_data(step, node, labels, in_full=True) | {
        "step": step.index,
        "worked": worked_element(step.nodes, node, labels),
        "gradient": step.gradients.get(node.id),
        **({"own_gradient": step.own_gradients[node.id]} if node.id in step.own_gradients else {}),
        **({"mark": step.marks[node.id]} if node.id in step.marks else {}),
        "updated": step.updates.get(node.id),
        "contributions": [part.id for part in contributions(step, node)],
        "used_by": [other.id for other in step.nodes if node.id in other.operands],
        "is_kept": node.is_kept,
        "history": {"steps": positions, "measure": "l2" if node.shape else "value", "values": values},
    }


def element_detail(step: Step, node: Node, index: tuple[int, ...]) -> dict[str, Any]:
    """An element as plain data."""
    labels = Labels(step.nodes)
    parts = {
        title: {
            "id": each.id,
            "label": labels[each.id],
            "value": each.value[index].item() if each.is_kept else None,
            "worked": worked_element(step.nodes, each, labels, index, max_terms=MAX_ELEMENT_TERMS),
        }
        | ({} if each.why_missing is None else {"why_missing": message_data(each.why_missing)})
        for title, each in element_parts(step, node)
    }
    return {"step": step.index, "label": labels[node.id], "index": list(index)} | parts
