"""Where a value goes that leaves a picture, and where one is from that enters it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence

from tracer.graph.record import Node, Phase, Step
from tracer.views.diagrams.theme import Style
from tracer.views.grids import shortened
from tracer.views.notation import Labels, kind_text, phase_text

MAX_NAMES = 2
"""Maximum number of boxes that are named; the rest are counted."""

MAX_LENGTH = 28


def users_of(step: Step, labels: Labels, phases: Container[Phase] = tuple(Phase)) -> Mapping[int, Sequence[int]]:
    """The nodes of these phases that use each value, without those that are only written in the formulas of others."""
    users: dict[int, list[int]] = defaultdict(list)
    for node in step.nodes:
        if node.phase in phases and not labels.is_folded(node.id):
            for operand in labels.operands(node):
                if not users[operand] or users[operand][-1] != node.id:
                    users[operand].append(node.id)
    return users


def destination(step: Step, id: int, users: Sequence[int], inside: Container[int], labels: Labels, style: Style) -> str:
    """Where a value goes from a picture of the nodes `inside`: `-> loss, backward`, in its own phase the boxes; else empty."""
    tell, phase = style.tell, step.nodes[id].phase
    outside = [step.nodes[user] for user in users if user not in inside]
    names = [shortened(labels[node.id], MAX_LENGTH) for node in outside if node.phase is phase]
    texts = names[:MAX_NAMES]
    if len(names) > MAX_NAMES:
        texts.append(tell("and {count} more", count=len(names) - MAX_NAMES))
    texts += [phase_text(other, tell) for other in dict.fromkeys(node.phase for node in outside) if other is not phase]
    return f"-> {', '.join(texts)}" if texts else ""


def origin(node: Node, user: Node, style: Style) -> str:
    """Where a value is from that a node of another phase uses: `from forward`, or what kind of leaf it is; else empty."""
    if node.phase is user.phase:
        return ""
    if node.phase is Phase.INIT:
        return kind_text(node, style.tell)
    return style.tell("from {phase}", phase=phase_text(node.phase, style.tell))
