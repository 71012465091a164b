"""Folds the operations of a large step into few boxes: by scope, then the middle of long sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.graph.record import Step


@dataclass(frozen=True, slots=True)
class Fold:
    """Operations that are drawn as one box: what it says, and their ids in order."""

    what: str
    ids: tuple[int, ...]


Part: TypeAlias = int | Fold
"""What a diagram draws as one box: a node, by its id, or a fold of several."""


def ids_of(part: Part) -> tuple[int, ...]:
    """The nodes behind a box."""
    return part.ids if isinstance(part, Fold) else (part,)


def folded(step: Step, ids: Sequence[int], most: int) -> list[Part]:
    """The boxes for these nodes, at most `most` of them, in the order of their first nodes.

    Scopes are folded first, the largest before the others; of what is then still too much the middle is folded. Folds
    that would feed each other in a circle become one, so that arrows keep running one way.
    """
    if len(ids) <= most:
        return list(ids)
    scopes: dict[str, list[int]] = {}
    for id in ids:
        scopes.setdefault(step.nodes[id].scope, []).append(id)
    groups: list[Fold] = []
    boxes = len(ids)
    for scope, members in sorted(scopes.items(), key=lambda pair: (-len(pair[1]), pair[1])):
        if boxes > most and scope and len(members) > 1:
            groups.append(Fold(scope, tuple(members)))
            boxes -= len(members) - 1
    if boxes > most:
        inside = {id for group in groups for id in group.ids}
        single = [id for id in ids if id not in inside]
        keep = max(0, most - len(groups) - 1)
        middle = single[keep // 2 : len(single) - (keep - keep // 2)]
        groups.append(Fold(f"#{middle[0]} ... #{middle[-1]}", tuple(middle)))
    return _without_circles(step, ids, groups)


def _without_circles(step: Step, ids: Sequence[int], groups: Sequence[Fold]) -> list[Part]:
    import networkx  # only large steps need it, and it takes longer to load than a small step takes to draw

    box_of: dict[int, Part] = {id: id for id in ids}
    for group in groups:
        box_of.update(dict.fromkeys(group.ids, group))
    graph = networkx.DiGraph()
    graph.add_nodes_from(box_of.values())
    for id in ids:
        graph.add_edges_from((box_of[operand], box_of[id]) for operand in step.nodes[id].operands if operand in box_of)
    parts: list[Part] = []
    for circle in networkx.strongly_connected_components(graph):
        members = tuple(sorted(id for box in circle for id in ids_of(box)))
        names = sorted(box.what for box in circle if isinstance(box, Fold))
        parts.append(Fold(", ".join(names), members) if names else members[0])
    return sorted(parts, key=lambda part: ids_of(part)[0])
