"""The five phases of a step as boxes, and what flows between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from tracer.graph.losses import losses_of
from tracer.graph.record import PHASES, Node, Phase, Step
from tracer.views.diagrams.alarms import value_alarms
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.theme import Flow, Kind, Style, kind_of_phase
from tracer.views.grids import shortened
from tracer.views.notation import Labels, kind_text, number_text, phase_text, shape_text

MAX_NAMES = 4
"""Maximum number of values listed by name; the rest are counted."""

MAX_LENGTH = 28


def overview(step: Step, labels: Labels, style: Style) -> Diagram:
    """The diagram of the phases of a step, with arrows for the values that one phase uses from another."""
    drawn = [step.nodes[id] for id in labels.rows(range(len(step.nodes)))]
    nodes_of = {phase: [node for node in drawn if node.phase is phase] for phase in PHASES}
    present = [phase for phase in PHASES if nodes_of[phase]]
    boxes = tuple(_box(step, phase, nodes_of[phase], labels, style) for phase in present)
    flows: dict[tuple[Phase, Phase], dict[int, None]] = {}
    for node in drawn:
        for operand in labels.operands(node):
            ends = step.nodes[operand].phase, node.phase
            if ends[0] is not ends[1]:
                flows.setdefault(ends, {})[operand] = None
    arrows = []
    for (tail, head), ids in sorted(flows.items(), key=lambda pair: (PHASES.index(pair[0][0]), PHASES.index(pair[0][1]))):
        label = _named([_value_text(step.nodes[id], labels) for id in ids], style)
        # Arrows between adjacent phases determine the ranks; the others do not.
        is_next = present.index(head) == present.index(tail) + 1
        arrows.append(Arrow(tail.value, head.value, _flow(tail, head), label, is_unconstrained=not is_next))
    linked = {(arrow.tail, arrow.head) for arrow in arrows}
    adjacent = [(above.value, below.value) for above, below in itertools.pairwise(present)]
    arrows += [Arrow(*ends, Flow.ORDER) for ends in adjacent if ends not in linked]
    if step.updates:
        label = (style.tell("new values:"),)
        label += _named([_value_text(step.nodes[id], labels) for id in step.updates.values()], style)
        arrows.append(Arrow(Phase.UPDATE.value, Phase.INIT.value, Flow.UPDATE, label, is_unconstrained=True))
    return Diagram(boxes, tuple(arrows))


def _flow(tail: Phase, head: Phase) -> Flow:
    return Flow.GRADIENT if tail is Phase.BACKWARD else Flow.VALUE


def _box(step: Step, phase: Phase, nodes: Sequence[Node], labels: Labels, style: Style) -> Box:
    tell = style.tell
    operations = [node for node in nodes if not node.is_leaf]
    note = tell.count(len(operations), "operation") if operations else ""
    lines: list[str] = []
    if phase is Phase.INIT:
        for op in ("data", "parameter", "hyperparameter", "state"):
            leaves = [node for node in nodes if node.op == op]
            if leaves:
                texts = _named([_value_text(node, labels) for node in leaves], style)
                lines.append(tell("{what}: {which}", what=kind_text(leaves[0], tell), which="  ".join(texts)))
        lines.append(tell.count(sum(node.size for node in step.parameters), "parameter"))
    elif phase is Phase.LOSS:
        lines += [f"{labels[id]} = {number_text(float(step.nodes[id].value))}" for id in losses_of(step)]
    elif phase is Phase.BACKWARD:
        lines.append(tell("gradients of {count} values, {parameters} of them parameter arrays", count=len(step.gradients),
                         parameters=sum(node.id in step.gradients for node in step.parameters)))  # fmt: skip
    elif phase is Phase.UPDATE:
        lines.append(tell("new values of {arrays}", arrays=tell.count(len(step.updates), "parameter array")))
    else:
        lines += [f"{shortened(scope, MAX_LENGTH)}" for scope in _scopes(operations)]
    title = phase_text(phase, tell)
    alarms = value_alarms(nodes, tell)
    return Box(phase.value, _kind(phase), title, note, tuple(lines), tip=f"{title} {note}".strip(), alarms=alarms)


def _kind(phase: Phase) -> Kind:
    return Kind.DATA if phase is Phase.INIT else kind_of_phase(phase)


def _scopes(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The names of the first few outermost scopes."""
    names = list(dict.fromkeys(node.scope.partition("/")[0] for node in nodes if node.scope))
    return tuple(names[:MAX_NAMES]) + (("...",) if len(names) > MAX_NAMES else ())


def _value_text(node: Node, labels: Labels) -> str:
    name = shortened(labels[node.id], MAX_LENGTH)
    return f"{name} {shape_text(node.shape)}" if node.shape else name


def _named(texts: Sequence[str], style: Style) -> tuple[str, ...]:
    more = (style.tell("and {count} more", count=len(texts) - MAX_NAMES),) if len(texts) > MAX_NAMES else ()
    return tuple(texts[:MAX_NAMES]) + more
