"""Boxes of diagrams: a node with its value, gradient and new value; a reference to another page; folded operations."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.graph.losses import gradients_of
from tracer.graph.record import Node, Step
from tracer.views.diagrams.alarms import alarms_of, value_alarms
from tracer.views.diagrams.diagram import Box, Column
from tracer.views.diagrams.folding import Fold
from tracer.views.diagrams.theme import Kind, Style, kind_of
from tracer.views.grids import NO_BREAK_SPACE, content_lines, shortened, wrapped
from tracer.views.notation import Labels, shape_text
from tracer.views.own_gradients import own_title

MAX_TIP_LENGTH = 400


def node_box(step: Step, node: Node, labels: Labels, style: Style, *, with_update: bool = False) -> Box:
    """The full box of a node: its value, and the gradient and the new value if there are any."""
    formula, name = labels.formula(node), labels[node.id]

    def lines_of(shown: Node) -> tuple[str, ...]:
        return tuple(content_lines(shown, labels.noise, style.tell))

    columns = [Column(style.tell("value"), lines_of(node), is_alarming=not node.summary.is_finite)]
    for gradient in gradients_of(step, node.id):
        title = shortened(labels[gradient], 30) if step.losses else style.tell("gradient")
        if gradient != node.id:
            is_alarming = not step.nodes[gradient].summary.is_finite
            columns.append(Column(title, lines_of(step.nodes[gradient]), is_gradient=True, is_alarming=is_alarming))
    own = step.own_gradients.get(node.id)
    if own is not None:
        is_alarming = not step.nodes[own].summary.is_finite
        title = own_title(step, node.id, style.tell)
        columns.append(Column(title, lines_of(step.nodes[own]), is_gradient=True, is_alarming=is_alarming))
    if with_update and node.id in step.updates:
        new = step.nodes[step.updates[node.id]]
        columns.append(Column(style.tell("new value"), lines_of(new), is_alarming=not new.summary.is_finite))
    return Box(
        box_key(node.id),
        kind_of(node),
        title_of(name),
        shape_text(node.shape) if node.shape else "",
        formula_lines(formula) if formula and formula != name else (),
        tuple(columns),
        tip_of(node, labels),
    )


def box_key(id: int) -> str:
    """The key of a node's box."""
    return f"n{id}"


def title_of(name: str) -> str:
    """A name as the title of a box, wrapped if it is long."""
    return "\n".join(wrapped(shortened(name), 30))


def formula_lines(formula: str) -> tuple[str, ...]:
    """A formula with an equals sign, wrapped to at most four lines."""
    return tuple(wrapped(f"={NO_BREAK_SPACE}{formula}"))


def tip_of(node: Node, labels: Labels) -> str:
    """The tooltip of a node: equation, shapes, source line."""
    tip = f"{labels.equation(node)}  {labels.shapes(node)}  {node.source or ''}".strip()
    return shortened(tip, MAX_TIP_LENGTH)


def reference_box(key: str, node: Node, labels: Labels, style: Style) -> Box:
    """The small box of a node that is drawn in full elsewhere: its name, and its shape or scalar value."""
    number = "" if node.shape else content_lines(node, labels.noise, style.tell)[0]
    name = labels[node.id]
    note = shape_text(node.shape) if node.shape else ""
    lines = formula_lines(number) if number and number != name else ()
    alarms = value_alarms([node], style.tell)
    return Box(key, Kind.ELSEWHERE, title_of(name), note, lines, tip=tip_of(node, labels), alarms=alarms)


def note_box(key: str, text: str) -> Box:
    """A small box with a note about what is not drawn."""
    return Box(key, Kind.ELSEWHERE, "", lines=(text,), tip=text)


def fold_box(step: Step, fold: Fold, kind: Kind, style: Style, labels: Labels, leaves: Sequence[int] = ()) -> Box:
    """The box of a fold of a step. `leaves` are the inputs that only the fold uses and that have no box."""
    tell = style.tell
    lines = [tell("{operations}, folded", operations=tell.count(len(fold.ids), "operation"))]
    title = shortened(fold.label)
    if fold.repeats:
        lines.insert(0, title)
        title = _repeats_text(fold, style)
    if leaves:
        first, last = (shortened(labels[id]) for id in (leaves[0], leaves[-1]))
        lines.append(tell("{inputs} used only here: {first} ... {last}", inputs=tell.count(len(leaves), "input"),
                          first=first, last=last))  # fmt: skip
    tip = tell("{what}: {which}", what=title, which=", ".join(lines))
    alarms = alarms_of(step, (*fold.ids, *leaves), tell)
    return Box(box_key(fold.ids[0]), kind, "\n".join(wrapped(title)), lines=tuple(lines), tip=tip, alarms=alarms)


def _repeats_text(fold: Fold, style: Style) -> str:
    """How many repetitions are in a fold, and how much they are like the one before it."""
    count = f"{fold.repeats:,}"
    if not fold.is_regular:
        return style.tell("{count} more, not all alike", count=count)
    if not fold.is_same_shape:
        return style.tell("{count} more like it, of other shapes", count=count)
    return style.tell("{count} more like it", count=count)


def uses_label(operands: Sequence[int], style: Style) -> tuple[str, ...]:
    """The label of an arrow that stands for all uses of these values; empty if there is only one use."""
    values = len(set(operands))
    if values > 1:
        return (style.tell.count(values, "value"),)
    return (style.tell.count(len(operands), "use"),) if len(operands) > 1 else ()
